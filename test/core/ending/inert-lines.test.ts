import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CONTROLS } from "../../../src/controls/index.ts";
import { inertFindings as findingsOf, inertLines as linesOf } from "../../../src/core/ending/inert-lines.ts";
import type { Facts } from "../../../src/model/facts/facts.ts";
import type { InertLine } from "../../../src/model/control/ending.ts";
import type { Finding, LadderCell } from "../../../src/model/verdict/finding.ts";
import { LOGIND_FILE, WATCHDOG_FILES } from "../../../src/model/inventory/host-paths.ts";
import { absent, known, unreadable } from "../../../src/model/terms/reading.ts";
import type { SessionKind } from "../../../src/model/terms/session-kind.ts";
import { DROP_IN, host, person, version } from "../../controls/facts-fixture.ts";

const inertLines = (there: Facts): InertLine[] => linesOf(there, CONTROLS);
const inertFindings = (there: Facts, cells?: readonly LadderCell[]): Finding[] =>
  findingsOf(there, CONTROLS, cells);

const FILE = "/etc/ssh/sshd_config.d/10-x.conf";

function facts(release: string, text: string, effective: readonly string[] = []): Facts {
  const joe = { ...person("joe"), effective: known(effective) };
  return host({ version: version(release), dropIns: { [FILE]: text }, classes: [joe] });
}

describe("lines that a release does not heed", () => {
  const RECIPE = ["clientaliveinterval 300", "clientalivecountmax 0"];
  test.each<[string, string, readonly string[], string, string]>([
    [
      "10.0",
      "Match Group ops\n  ChannelTimeout session:*=5m\n",
      [],
      `${FILE}:2`,
      "heeds ChannelTimeout outside Match only",
    ],
    ["9.2", "Match User joe\n  ChannelTimeout session:*=5m\n", [], `${FILE}:2`, "OpenSSH 9.2 heeds"],
    ["10.4", "Match User joe\n  ChannelTimeout session:*=5m\n", [], `${FILE}:2`, "10.5 and newer heed it"],
    ["10.5", "Match User joe\n  ChannelTimeout session:*=5m\n", [], "", ""],
    ["10.0", "Match all\n  ChannelTimeout session:*=5m\n", [], "", ""],
    ["10.0", "ChannelTimeout session=5m\n", [], `${FILE}:1`, "write session:*"],
    ["10.5", "\nChannelTimeout session=5m\n", [], `${FILE}:2`, "works in 10.6 and newer"],
    ["10.6", "ChannelTimeout session=5m\n", [], "", ""],
    ["10.6", "ChannelTimeout shell=5m\n", [], `${FILE}:1`, 'no channel "shell"'],
    ["9.2", "ChannelTimeout global=5m\n", [], `${FILE}:1`, 'no channel "global"'],
    ["9.7", "ChannelTimeout global=5m\n", [], "", ""],
    ["10.6", "ChannelTimeout session:*=5m direct-tcpip=1h *=2h\n", [], "", ""],
    ["8.4", "ChannelTimeout session:*=5m\n", [], `${FILE}:1`, "came with 9.2"],
    [
      "10.0",
      "ClientAliveInterval 300\nClientAliveCountMax 0\n",
      RECIPE,
      `${FILE}:2`,
      "in OpenSSH 8.2 and newer a count of 0 disables",
    ],
    [
      "8.4",
      "ClientAliveInterval 300\nClientAliveCountMax 0\n",
      RECIPE,
      `${FILE}:2`,
      "disables ClientAliveInterval",
    ],
    ["8.1", "ClientAliveInterval 300\nClientAliveCountMax 0\n", RECIPE, "", ""],
    ["10.0", "ClientAliveCountMax 0\n", ["clientaliveinterval 0", "clientalivecountmax 0"], "", ""],
    [
      "10.0",
      "ClientAliveInterval 300\nClientAliveCountMax 1\n",
      ["clientaliveinterval 300", "clientalivecountmax 1"],
      "",
      "",
    ],
  ])("%s %j %j: %s %s", (release, text, effective, source, why) => {
    const found = inertLines(facts(release, text, effective));
    expect(found.map((line) => line.source)).toEqual(source === "" ? [] : [source]);
    expect(found.map((line) => line.why).join("")).toContain(why);
    expect(found.flatMap(({ kinds }) => kinds)).not.toContain("typing");
  });

  test("the line is named as it stands there, with the block it stands under", () => {
    const [finding] = inertFindings(facts("10.0", "Match Group ops\n  ChannelTimeout session:*=5m\n"));
    expect(finding).toEqual({
      check: "mechanism-works",
      subject: `ChannelTimeout session:*=5m under Match Group ops in ${FILE}`,
      control: "sshd",
      role: "*",
      expected: '"ChannelTimeout session:*=5m under Match Group ops" ends idle sessions',
      actual:
        "it does nothing: OpenSSH 10.0 heeds ChannelTimeout outside Match only; 10.5 and newer heed it inside as well (measured: without effect on 9.2, 9.7, 10.0, 10.4; works on 10.5, 10.6)",
      source: `${FILE}:2`,
      evidence: "configured",
      outcome: "fail",
    });
  });

  test("a line that is there twice is one finding: its key would be the same", () => {
    const block = "Match Group ops\n  ChannelTimeout session:*=5m\n";
    expect(inertFindings(facts("10.0", block + block))).toHaveLength(1);
  });
});

test("no text of a host makes it fail or last long", () => {
  const word = fc.constantFrom(
    "ChannelTimeout",
    "Match",
    "all",
    "session",
    ":",
    "*",
    "?",
    "=",
    "5m",
    " ",
    "\n",
    "\u0000",
    "none",
    "0",
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), (words) => {
      expect(inertFindings(facts("10.0", words.join(""))).every(({ outcome }) => outcome === "fail")).toBe(
        true,
      );
    }),
  );
  const began = performance.now();
  inertLines(facts("10.0", `ChannelTimeout ${`${"*?".repeat(60)}x=5m `.repeat(200)}\n`));
  expect(performance.now() - began).toBeLessThan(1000);
});

describe("lines that lose to another", () => {
  const two = (first: string, second: string, release = "10.0"): Facts =>
    host({
      version: version(release),
      dropIns: { "/etc/ssh/sshd_config.d/10-a.conf": first, [FILE]: second },
    });
  const other = "/etc/ssh/sshd_config.d/10-a.conf";
  test.each<[string, string, string, string, string]>([
    [
      "10.0",
      "ClientAliveInterval 0\n",
      "ClientAliveInterval 300\n",
      FILE,
      "is read first, and the first value wins",
    ],
    ["10.0", "ClientAliveInterval 300\n", "ClientAliveInterval 300\n", "", ""],
    ["10.0", "ClientAliveInterval 300\n", "ClientAliveInterval 0\n", "", ""],
    [
      "10.0",
      "ClientAliveInterval 300\n",
      "Match all\nClientAliveInterval 900\n",
      other,
      "beats a global one",
    ],
    [
      "10.0",
      "ChannelTimeout session:*=1h\n",
      "Match all\nChannelTimeout session:*=5m\n",
      FILE,
      "is read first",
    ],
    [
      "10.6",
      "ChannelTimeout session:*=1h\n",
      "Match all\nChannelTimeout session:*=5m\n",
      other,
      "beats a global one",
    ],
    ["10.0", "UnusedConnectionTimeout none\n", "UnusedConnectionTimeout 5m\n", FILE, "is read first"],
    ["10.0", "Match User joe\nClientAliveInterval 0\n", "ClientAliveInterval 300\n", "", ""],
  ])("%s %j %j: %s %s", (release, first, second, file, why) => {
    const found = inertLines(two(first, second, release));
    expect(found.map(({ source }) => source.split(":")[0])).toEqual(file === "" ? [] : [file]);
    expect(found.map((line) => line.why).join("")).toContain(why);
    expect(found.every(({ check }) => check === "foreign-setting")).toBe(true);
  });

  test("what curfew's own line overrides is said elsewhere, in its file or in its block", () => {
    const rival = { [FILE]: "ChannelTimeout session:*=1h\n" };
    const own = { [DROP_IN]: "ChannelTimeout session:*=15m\n" };
    expect(inertLines(host({ dropIns: { ...own, ...rival } }))).toEqual([]);
    const main = "# BEGIN curfew sshd-global\nChannelTimeout session:*=15m\n# END curfew sshd-global\n";
    expect(inertLines(host({ main: `${main}ChannelTimeout session:*=1h\n` }))).toEqual([]);
  });

  test("an option on the daemon's command line", () => {
    const there = facts("10.0", "ClientAliveInterval 300\n");
    const options = ["ClientAliveInterval=0"];
    const [line] = inertLines({ ...there, sshd: { ...there.sshd, options } });
    expect(line).toMatchObject({ source: `${FILE}:1`, why: expect.stringContaining("command line") });
  });
});

describe("logind", () => {
  const text = { [LOGIND_FILE]: "# by curfew\n[Login]\nStopIdleSessionSec=600\n" };
  test.each([
    [{ version: 257, idleStop: "600", utmp: "no" }, {}, "logind.conf(5) StopIdleSessionSec", "without utmp"],
    [{ version: 257, idleStop: "600", utmp: "no" }, text, `${LOGIND_FILE}:3`, "without utmp"],
    [{ version: 252, idleStop: "600", utmp: "yes" }, text, "", ""],
    [
      { version: 252, idleStop: "infinity", utmp: "yes" },
      text,
      `${LOGIND_FILE}:3`,
      "it has not read the file",
    ],
    [{ version: 247, idleStop: "unsupported", utmp: "yes" }, text, `${LOGIND_FILE}:3`, "it came with 252"],
    [{ version: 257, idleStop: "infinity", utmp: "no" }, {}, "", ""],
  ] as const)("%j %j: %s %s", (state, files, source, why) => {
    const found = inertLines(host({ logind: known(state), files }));
    expect(found.map((line) => line.source)).toEqual(source === "" ? [] : [source]);
    expect(found.map((line) => line.why).join("")).toContain(why);
  });

  test("without PAM it is not told of sshd's sessions", () => {
    const there = host({ logind: known({ version: 252, idleStop: "600", utmp: "yes" }) });
    const found = inertLines({ ...there, sshd: { ...there.sshd, effective: known(["usepam no"]) } });
    expect(found).toMatchObject([
      { control: "logind", why: "sshd has UsePAM no, so logind sees none of its sessions" },
    ]);
  });
});

test.each([
  [known(false), 1],
  [known(true), 0],
  [absent<boolean>(), 0],
  [unreadable<boolean>("systemctl hangs"), 0],
])("a watchdog whose timer is %j", (watchdogTimer, count) => {
  const there = host({ files: { [WATCHDOG_FILES.script]: "#!/bin/sh\ninterval=5\n" } });
  const found = inertLines({ ...there, watchdogTimer });
  expect(found).toHaveLength(count);
  expect(
    found.every(({ source, control }) => source === WATCHDOG_FILES.timer && control === "watchdog"),
  ).toBe(true);
  expect(inertLines({ ...host(), watchdogTimer })).toEqual([]);
});

test("an inert line is as bad as what becomes of the sessions it is about", () => {
  const cell = (kind: SessionKind, outcome: LadderCell["outcome"]): LadderCell => ({
    role: "default",
    kind,
    expect: "dropped",
    limit: 300,
    configured: null,
    effective: null,
    demonstrated: null,
    outcome,
    evidence: null,
  });
  const there = facts("10.0", "ChannelTimeout session=5m\n");
  const outcome = (...cells: LadderCell[]): string | undefined => inertFindings(there, cells)[0]?.outcome;
  expect(outcome(cell("idle-shell", "pass"), cell("idle-forward", "fail"))).toBe("pass");
  expect(outcome(cell("idle-shell", "pass"), cell("idle-sftp", "fail"))).toBe("fail");
  expect(outcome(cell("idle-shell", "unknown"))).toBe("unknown");
});
