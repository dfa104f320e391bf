/** Service managers that no lab host has, as the script reports them. */
import { describe, expect, test } from "vitest";
import { parseSections, type Sections } from "../../../src/core/answer/sections.ts";
import {
  parseLogind,
  parseLogindChooses,
  parseLogindSees,
  parseService,
  parseSystemdVersion,
  parseWatchdogTimer,
} from "../../../src/core/facts/service.ts";
import { parseWatchdogRun, parseWatchdogWord } from "../../../src/core/facts/watchdog.ts";

interface Answer {
  readonly listener?: string;
  readonly started?: string;
  readonly init?: string;
  readonly openrc?: boolean;
  readonly scripts?: string;
  readonly supervised?: string;
  readonly atBoot?: string;
  readonly cron?: string;
  readonly systemd?: string;
  readonly units?: string;
  readonly idleStop?: string;
}

const UNIT = "Id=ssh.service\nLoadState=loaded\nActiveState=active\nMainPID=40\n";
const unitNamed = (name: string, pid: number): string =>
  `Id=${name}\nLoadState=loaded\nActiveState=active\nMainPID=${pid}\n`;
const NO_UNIT = "Id=sshd.service\nLoadState=not-found\nActiveState=inactive\nMainPID=0\n";
const LOGIND = "Id=systemd-logind.service\nLoadState=loaded\nActiveState=active\nMainPID=7\n";

describe("parseService", () => {
  const none = { perConnection: false, bootHook: "none" };
  const systemd = { manager: "systemd", perConnection: false, bootHook: "systemd" };
  test.each<[string, Answer, object]>([
    [
      "OpenRC",
      { init: "init", openrc: true, scripts: " sshd" },
      { ...none, manager: "openrc", unit: "sshd", pid: 40, bootHook: "openrc" },
    ],
    [
      "OpenRC with a cron that reads cron.d",
      { init: "init", openrc: true, scripts: "sshd  ssh", cron: "/usr/sbin/crond\n" },
      { manager: "openrc", unit: "sshd", bootHook: "cron" },
    ],
    [
      "runit, whatever scripts there are",
      { init: "runit", scripts: " ssh", supervised: "/etc/sv/ssh" },
      { ...none, manager: "runit", unit: "/etc/sv/ssh", pid: 40 },
    ],
    [
      "a supervisor with a name that no service has",
      { init: "runit", supervised: "/etc/sv/$(reboot)" },
      { ...none, manager: "none", unit: "", pid: 40 },
    ],
    [
      "SysV",
      { init: "init", scripts: " ssh", cron: "/usr/sbin/cron\n" },
      { manager: "sysv", unit: "ssh", bootHook: "cron" },
    ],
    [
      "busybox's crond reads no cron.d",
      { init: "init", scripts: " ssh", cron: "/bin/busybox\n" },
      { bootHook: "none" },
    ],
    ["a container", { init: "tini", scripts: " ssh" }, { ...none, manager: "none", unit: "", pid: 40 }],
    [
      "the unit whose main process listens",
      { systemd: "252", units: `${NO_UNIT}\n${UNIT}` },
      { ...systemd, unit: "ssh.service", pid: 40 },
    ],
    [
      "a unit of another name",
      { systemd: "252", units: `${NO_UNIT}\n${unitNamed("openssh-lan.service", 40)}` },
      { ...systemd, unit: "openssh-lan.service", pid: 40 },
    ],
    [
      "a unit that only happened to start it",
      { systemd: "252", units: `${NO_UNIT}\n${unitNamed("cron.service", 39)}` },
      { manager: "none", unit: "", pid: 40 },
    ],
    [
      "a script of sysvinit's under systemd, of which it knows no process, beside a unit that cannot bind",
      {
        systemd: "252",
        units: `${unitNamed("ssh.service", 0)}\n${NO_UNIT.replace("not-found", "loaded").replace("inactive", "activating")}`,
      },
      { ...systemd, unit: "ssh.service", pid: 40 },
    ],
    [
      "one that found sshd running, beside the unit that runs it",
      { systemd: "252", units: `${unitNamed("ssh.service", 0)}\n${unitNamed("sshd.service", 40)}` },
      { ...systemd, unit: "sshd.service", pid: 40 },
    ],
    [
      "SysV without cron, its run levels",
      { init: "init", scripts: " ssh", atBoot: "rc" },
      { manager: "sysv", unit: "ssh", bootHook: "rc" },
    ],
    [
      "runit without cron, its first stage",
      { init: "runit", supervised: "/etc/sv/sshd", atBoot: "runit" },
      { manager: "runit", unit: "/etc/sv/sshd", bootHook: "runit" },
    ],
    [
      "what no boot has",
      { init: "runit", supervised: "/etc/sv/sshd", atBoot: "$(reboot)" },
      { manager: "runit", bootHook: "none" },
    ],
    [
      "started by hand under systemd",
      { systemd: "252", units: NO_UNIT },
      { manager: "none", unit: "", pid: 40 },
    ],
    [
      "not reached through SSH: the running unit",
      { listener: "", systemd: "252", units: UNIT },
      { ...systemd, unit: "ssh.service", pid: 40 },
    ],
    [
      "one sshd per connection",
      {
        listener: "",
        started: "per-connection",
        systemd: "247",
        units: "Id=ssh.socket\nLoadState=loaded\nActiveState=active\nAccept=yes\n",
      },
      { manager: "systemd", unit: "ssh.socket", perConnection: true, pid: null },
    ],
    [
      "a socket that nobody has connected to yet",
      {
        listener: "",
        systemd: "255",
        units: `${UNIT.replace("=active", "=inactive").replace("40", "0")}\nId=ssh.socket\nLoadState=loaded\nActiveState=active\nAccept=no\n`,
      },
      { ...systemd, unit: "ssh.service", pid: null },
    ],
    [
      "the same, with an sshd for each connection",
      {
        listener: "",
        systemd: "252",
        units: `${NO_UNIT}\nId=sshd.socket\nLoadState=loaded\nActiveState=active\nAccept=yes\n`,
      },
      { manager: "systemd", unit: "sshd.socket", perConnection: true, pid: null },
    ],
    [
      "inetd",
      { listener: "", started: "per-connection", init: "init" },
      { manager: "none", unit: "", perConnection: true, pid: null },
    ],
  ])("%s", (_, answer, expected) => {
    expect(parseService(sections(answer))).toMatchObject({ state: "known", value: expected });
  });

  test.each<[string, Answer, RegExp]>([
    ["several listeners", { listener: "several" }, /several sshd/u],
    [
      "another daemon than the unit's",
      { listener: "99", systemd: "252", units: UNIT },
      /process 99.*ssh\.service \(40\)/u,
    ],
    ["nothing under systemd", { listener: "", systemd: "252", units: NO_UNIT }, /no running sshd/u],
    [
      "a unit without a process",
      { listener: "", systemd: "252", units: UNIT.replace("40", "0") },
      /knows no process/u,
    ],
    ["nothing at all", { listener: "", init: "sleep" }, /no sshd listens/u],
    ["no /proc", { listener: "", init: "" }, /number 1/u],
    ["systemctl silent", { listener: "", systemd: "252" }, /no running sshd/u],
  ])("%s: unreadable", (_, answer, reason) => {
    expect(parseService(sections(answer))).toMatchObject({
      state: "unreadable",
      reason: expect.stringMatching(reason),
    });
  });
});

describe("parseWatchdogTimer", () => {
  const timer = (load: string, active: string): string =>
    `Id=curfew-watchdog.timer\nLoadState=${load}\nActiveState=${active}\n`;
  test.each<[string, Answer, object]>([
    ["running", { units: `${UNIT}\n${timer("loaded", "active")}` }, { state: "known", value: true }],
    ["stopped", { units: timer("loaded", "inactive") }, { state: "known", value: false }],
    ["failed", { units: timer("loaded", "failed") }, { state: "known", value: false }],
    ["not there", { units: timer("not-found", "inactive") }, { state: "absent" }],
    ["systemctl silent", { units: UNIT }, { state: "unreadable" }],
  ])("%s", (_, answer, expected) => {
    expect(parseWatchdogTimer(sections({ systemd: "252", ...answer }))).toMatchObject(expected);
  });

  test("no systemd", () => expect(parseWatchdogTimer(sections({})).state).toBe("absent"));
});

describe("what the units of the watchdog say in the end", () => {
  const RIGHT = `Unit=curfew-watchdog.service
TimersMonotonic={ OnUnitActiveUSec=30s ; next_elapse=1min }
Id=curfew-watchdog.timer
LoadState=loaded

ExecStart={ path=/bin/sh ; argv[]=/bin/sh /etc/curfew/watchdog.sh ; ignore_errors=no ; start_time=[n/a] }
ExecMainStartTimestampMonotonic=900
CapabilityBoundingSet=cap_chown cap_kill cap_sys_ptrace
User=
PrivateUsers=no
Id=curfew-watchdog.service
LoadState=loaded
`;
  const hindered = (shown: string): string | undefined =>
    parseWatchdogRun(parseSections(Buffer.from(`\n@t\twatchdog\t1796043600\n${shown}\n@t\tend\n`), "t", "h"))
      ?.hindered;
  test.each<[string, string, string, string | undefined]>([
    ["as curfew wrote them", "User=", "User=", undefined],
    [
      "another program",
      "/etc/curfew/watchdog.sh",
      "/bin/true",
      "ExecStart={ path=/bin/sh ; argv[]=/bin/sh /bin/true",
    ],
    ["no program", "ExecStart=", "ExecStop=", "no ExecStart"],
    ["another unit", "Unit=curfew", "Unit=other", "Unit=other-watchdog.service"],
    ["another account", "User=", "User=nobody", "User=nobody"],
    ["without what it needs", "cap_kill ", "", "CapabilityBoundingSet=cap_chown cap_sys_ptrace"],
    [
      "a condition",
      "PrivateUsers=no",
      "ConditionResult=no\nConditionTimestampMonotonic=7",
      "a condition that is not met",
    ],
    [
      "not yet asked for a condition",
      "PrivateUsers=no",
      "ConditionResult=no\nConditionTimestampMonotonic=0",
      undefined,
    ],
    ["masked", "service\nLoadState=loaded", "service\nLoadState=masked", "LoadState=masked"],
  ])("%s", (_, from, to, expected) => {
    const found = hindered(RIGHT.replace(from, to));
    expect(found?.slice(0, expected?.length)).toBe(expected);
  });
});

describe("parseWatchdogWord", () => {
  const shown = (time: string): string =>
    `\n@t\twatchdog\t1796043600\nId=curfew-watchdog.timer\nActiveEnterTimestamp=${time}\n\nId=curfew-watchdog.service\n`;
  const word = (fields: string, timer = ""): unknown =>
    parseWatchdogWord(
      parseSections(Buffer.from(`${timer}\n@t\twatchdog-word\t${fields}\n\n@t\tend\n`), "t", "h"),
    );
  test.each<[string, string, string, object | undefined]>([
    ["it looked", "9000\t8995\t\tok", shown("Mon 2026-11-30 12:00:00 UTC"), { since: 5 }],
    [
      "it looked long ago, and its timer was started anew",
      "9000\t500\t\tok",
      shown("Mon 2026-11-30 12:59:50 UTC"),
      { since: 10 },
    ],
    ["it has yet to look", "9000\t\t8990\t", "", { since: 10 }],
    ["it has never looked since the host started", "9000\t\t\t", "", { since: 9000 }],
    ["it cannot", "9000\t8999\t\tit lacks CAP_KILL", "", { since: 1, cannot: "it lacks CAP_KILL" }],
    ["from before a reboot that kept /run", "90\t8995\t\tok", "", { since: 90 }],
    ["no number", "\t\t\t", "", undefined],
  ])("%s", (_, fields, timer, expected) => expect(word(fields, timer)).toEqual(expected));
});

test("what of PAM's files may keep some people's sessions from logind", () => {
  const line = "/etc/pam.d/sshd: session [success=1 default=ignore] pam_succeed_if.so user = ann";
  const said = (argument: string): string | undefined => {
    const text = `\n@t\tlogind-session${argument}\no "/org/freedesktop/login1/session/_31"\n\n@t\tend\n`;
    return parseLogindChooses(parseSections(Buffer.from(text), "t", "h"));
  };
  expect(said(`\t${line}`)).toBe(line);
  expect(said("\t")).toBe(undefined);
});

describe("parseLogindSees", () => {
  test.each([
    ['o "/org/freedesktop/login1/session/_31"', true],
    ["Call failed: PID 77 does not belong to any known session", false],
    ["Call failed: Connection timed out", undefined],
    ["", undefined],
  ])("%j", (said, expected) => {
    const text = `\n@t\tlogind-session\n${said}\n\n@t\tend\n`;
    expect(parseLogindSees(parseSections(Buffer.from(text), "t", "h"))).toBe(expected);
  });
});

describe("parseLogind", () => {
  const running = { systemd: "252 (252.36-1)\n+PAM +UTMP -SYSVINIT", units: `${UNIT}\n${LOGIND}` };
  test.each<[string, Answer, object]>([
    [
      "never",
      { ...running, idleStop: "t 18446744073709551615\n" },
      { idleStop: "infinity", utmp: "yes", version: 252 },
    ],
    ["15 minutes", { ...running, idleStop: "t 900000000\n" }, { idleStop: "900" }],
    [
      "before the key",
      { ...running, idleStop: "Failed: Unknown property or interface.\n" },
      { idleStop: "unsupported" },
    ],
    [
      "without utmp",
      { ...running, systemd: "257\n+PAM -UTMP", idleStop: "t 1000000\n" },
      { idleStop: "1", utmp: "no" },
    ],
    ["no word of utmp", { ...running, systemd: "260\n+PAM", idleStop: "t 1000000\n" }, { utmp: "unknown" }],
  ])("%s", (_, answer, expected) => {
    expect(parseLogind(sections(answer))).toMatchObject({ state: "known", value: expected });
  });

  test.each<[string, Answer, string]>([
    ["no systemd", {}, "absent"],
    ["not running", { ...running, units: LOGIND.replace("=active", "=inactive") }, "absent"],
    ["bus down", { ...running, idleStop: "Failed to connect to bus\n" }, "unreadable"],
    ["no busctl", running, "unreadable"],
    ["systemctl silent", { ...running, units: "" }, "unreadable"],
    ["systemctl broken", { ...running, systemd: "?" }, "unreadable"],
  ])("%s: %s", (_, answer, state) => {
    expect(parseLogind(sections(answer)).state).toBe(state);
  });
});

test.each([
  [undefined, { state: "absent" }],
  ["252 (252.36-1~deb12u1)\n+PAM", { state: "known", value: 252 }],
  ["\u001b[2J", { state: "unreadable", reason: expect.stringContaining("\\u{1b}[2J") }],
])("systemd %j", (systemd, expected) => {
  expect(parseSystemdVersion(sections(systemd === undefined ? {} : { systemd }))).toMatchObject(expected);
});

function sections(answer: Answer): Sections {
  const { listener = "40", started = "", init = "systemd", scripts = "" } = answer;
  const parts = [
    ["machine", `\t0\tLinux\tboot\t${init}\n`],
    ["listener", `\t${listener}\t${started}\n`],
    [
      "init",
      `\t${answer.openrc === true ? "openrc" : ""}\t${scripts}\t${answer.supervised ?? ""}\t${answer.atBoot ?? ""}\n`,
    ],
    ["cron", answer.cron === undefined ? undefined : `\n${answer.cron}`],
    ["systemd", answer.systemd === undefined ? undefined : `\nsystemd ${answer.systemd}\n`],
    ["units", answer.units === undefined ? undefined : `\n${answer.units}`],
    ["idle-stop", answer.idleStop === undefined ? undefined : `\n${answer.idleStop}`],
    ["end", "\n"],
  ] as const;
  const text = parts.map(([name, rest]) => (rest === undefined ? "" : `\n@t\t${name}${rest}`)).join("");
  return parseSections(Buffer.from(text), "t", "web1");
}
