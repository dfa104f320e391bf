import { describe, expect, test } from "vitest";
import { watchdog } from "../../../src/controls/watchdog/index.ts";
import { watchdogInForce } from "../../../src/controls/watchdog/in-force.ts";
import { absent, known, unreadable } from "../../../src/model/terms/reading.ts";
import { applied } from "../applied-facts.ts";
import { exemption, host, limits, person, role } from "../facts-fixture.ts";
import { installedInterval } from "../../../src/controls/watchdog/installed.ts";
import type { FileFact, UserClass } from "../../../src/model/facts/facts.ts";
import type { SessionKind } from "../../../src/model/terms/session-kind.ts";
import { WATCHDOG_FILES } from "../../../src/model/inventory/host-paths.ts";

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

describe("without a policy its own script says whom it ends", () => {
  const asked = (facts: typeof running, account: UserClass, kind: SessionKind = "tmux", unplanned = true) =>
    watchdog.endings({ facts, account, kind, placed: undefined, ...(unplanned && { unplanned: true }) });
  const ends = (facts: typeof running, account: UserClass) =>
    asked(facts, account).endings.map(({ seconds, doubt }) => [seconds, doubt]);
  const withExemption = (...given: Parameters<typeof exemption>) => {
    const policy = { ...POLICY, exemptions: [exemption(...given)] };
    return { ...applied(host(), policy, ["watchdog"]), watchdogTimer: known(true) };
  };

  test("the longest of its limits, its own lateness and a look later, for everybody", () => {
    // 15 minutes, 7 s for the terminal's clock, and 30 s between two looks.
    expect(ends(running, person("root"))).toEqual([[900 + 7 + 30, undefined]]);
    expect(ends(running, person("ada"))).toEqual([[937, undefined]]);
    expect(asked(running, person("ada"), "idle-sftp").endings).toEqual([]);
  });

  test("nothing where a policy is held against the host, and has none", () => {
    expect(asked(running, person("ada"), "tmux", false)).toEqual({ endings: [], unread: [] });
  });

  test("a script that is not as curfew wrote it, and one that is not started, promise nothing", () => {
    const changed = { ...running, curfew: { ...running.curfew, written: {} } };
    expect(asked(changed, person("ada"))).toEqual({
      endings: [],
      unread: ["the limits of the watchdog, whose script is not as curfew wrote it,"],
    });
    const stopped = { ...running, watchdogTimer: known(false) };
    expect(asked(stopped, person("ada")).endings).toMatchObject([{ denied: expect.anything() }]);
  });

  test("whom it exempts by name is not ended; where a group is exempt it is unknown for all", () => {
    const byName = withExemption(["rsync"]);
    expect(ends(byName, person("rsync"))).toEqual([]);
    expect(ends(byName, person("ada"))).toEqual([[937, undefined]]);
    const several = { ...person("ada"), size: 40 };
    expect(ends(byName, several)).toEqual([[937, expect.stringMatching(/^its script exempts some; .*ada/u)]]);
    const byGroup = withExemption([], ["jobs"]);
    expect(ends(byGroup, person("ada"))).toEqual([[937, expect.stringContaining("is unknown")]]);
  });

  test("where it has no limit for everyone else, whom it ends is unknown", () => {
    const policy = limits(role("default", null, 300), [role("admin", 600, 300, { users: ["root"] })]);
    const facts = { ...applied(host(), policy, ["watchdog"]), watchdogTimer: known(true) };
    expect(ends(facts, person("ada"))).toEqual([
      [expect.any(Number), expect.stringMatching(/^its script ends sessions of those that it names only/u)],
    ]);
  });
});
