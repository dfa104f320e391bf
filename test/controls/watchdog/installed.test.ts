import { expect, test } from "vitest";
import { watchdogInForce } from "../../../src/controls/watchdog/in-force.ts";
import { absent, known, unreadable } from "../../../src/model/reading.ts";
import { applied } from "../applied-facts.ts";
import { host, limits, role } from "../facts-fixture.ts";
import { installedInterval } from "../../../src/controls/watchdog/installed.ts";
import type { FileFact } from "../../../src/model/facts.ts";
import { WATCHDOG_FILES } from "../../../src/model/host-paths.ts";

const script = (content: string, path: string = WATCHDOG_FILES.script): FileFact =>
  ({ path, state: { state: "known", value: { content } } }) as unknown as FileFact;

test.each<[string, FileFact[], number | undefined]>([
  ["none", [], undefined],
  ["what the script says", [script("umask 077\ninterval=15\nfirst=60\n")], 15],
  ["another file", [script("interval=15\n", "/etc/other")], undefined],
  ["a script without it", [script("interval=\n")], undefined],
  [
    "not readable",
    [{ path: WATCHDOG_FILES.script, state: { state: "absent" } } as unknown as FileFact],
    undefined,
  ],
])("%s", (_, files, seconds) => expect(installedInterval({ files })).toBe(seconds));

const POLICY = limits(role("default", 900, 300), [role("it's ours", 600, 300, { users: ["root"] })]);
const running = { ...applied(host(), POLICY, ["watchdog"]), watchdogTimer: known(true) };
const said = (facts: typeof running) =>
  watchdogInForce(facts).map(({ verdict, effect }) => [verdict, effect]);

test("a running one says whom it ends after what", () => {
  expect(watchdogInForce(host())).toEqual([]);
  const [found, ...more] = watchdogInForce(running);
  expect(more).toEqual([]);
  expect(found).toMatchObject({ source: WATCHDOG_FILES.script, verdict: "ends" });
  expect(found?.effect).toContain("everyone else after 15m");
  expect(found?.effect).toContain("ours after 10m");
});

test("one that does not run, is changed or cannot be asked promises nothing", () => {
  // The stopped timer is an inert line.
  expect(said({ ...running, watchdogTimer: known(false) })).toEqual([]);
  expect(said({ ...running, watchdogTimer: unreadable("denied") })).toEqual([
    ["partly", "whether it runs is unknown: denied"],
  ]);
  expect(said({ ...running, watchdogTimer: absent() })[0]?.[0]).toBe("nothing");
  expect(said({ ...running, curfew: { ...running.curfew, written: {} } })).toEqual([
    ["partly", "not as curfew wrote it; what it ends is unknown"],
  ]);
});
