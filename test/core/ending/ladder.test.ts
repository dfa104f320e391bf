import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CONTROLS } from "../../../src/controls/index.ts";
import { ladder } from "../../../src/core/ending/ladder.ts";
import { parseFacts } from "../../../src/core/facts/parse-facts.ts";
import { planHost } from "../../../src/core/plan/host.ts";
import type { Facts, UserClass } from "../../../src/model/facts/facts.ts";
import type { WatchdogRun, WatchdogWord } from "../../../src/model/facts/watchdog-run.ts";
import type { LadderCell } from "../../../src/model/verdict/finding.ts";
import { WATCHDOG_FILES } from "../../../src/model/inventory/host-paths.ts";
import type { HostLimits } from "../../../src/model/policy/limits.ts";
import type { ControlId } from "../../../src/model/terms/control-id.ts";
import { known, unreadable } from "../../../src/model/terms/reading.ts";
import type { ProbeResult } from "../../../src/model/change/run.ts";
import type { SessionKind } from "../../../src/model/terms/session-kind.ts";
import {
  DROP_IN,
  exemption,
  fileFact,
  host,
  limits,
  person,
  role,
  version,
} from "../../controls/facts-fixture.ts";
import { answered } from "../../controls/shell-answers.ts";
import { SELECTORS } from "../../flow/facts-host.ts";

const POLICY = limits(role("default", 900, 180), [role("admin", 600, 60, { groups: ["sudo"] })]);
const ALL: readonly ControlId[] = ["sshd", "shell-timeout", "watchdog"];

/** As `sshd -T -C` answers: with a line that tells it is complete. */
const says = (account: UserClass, ...lines: string[]): UserClass => ({
  ...account,
  effective: known(["pubkeyauthentication yes", ...lines]),
});

interface Question {
  readonly policy?: HostLimits;
  readonly selected?: readonly ControlId[];
  readonly probes?: readonly ProbeResult[];
}

function cells(
  facts: Facts,
  { policy = POLICY, selected = ["sshd"], probes = [] }: Question = {},
): LadderCell[] {
  return ladder({
    facts,
    limits: policy,
    selected,
    plan: planHost(facts, policy, selected, CONTROLS),
    controls: CONTROLS,
    probes,
  });
}

function cell(facts: Facts, name: string, kind: SessionKind, question: Question = {}): LadderCell {
  const found = cells(facts, question).find((each) => each.role === name && each.kind === kind);
  if (found === undefined) throw new Error(`no cell ${name} ${kind}`);
  return found;
}

/** The host once the policy's files are there. */
function applied(facts: Facts, selected: readonly ControlId[], policy = POLICY): Facts {
  const { changes } = planHost(facts, policy, selected, CONTROLS);
  const after = (path: string): string | null | undefined =>
    changes.find((change) => change.path === path)?.after?.content;
  const drop = after(DROP_IN);
  const there = selected.includes("shell-timeout") ? answered(facts, () => 600) : facts;
  return {
    ...there,
    files: facts.files.map((file) => {
      const content = after(file.path);
      return content === undefined ? file : fileFact(file.path, content);
    }),
    sshd: { ...there.sshd, dropIns: drop ? [fileFact(DROP_IN, drop)] : facts.sshd.dropIns },
  };
}

function probe(over: Partial<ProbeResult>): ProbeResult {
  return {
    session: "idle-shell",
    role: "admin",
    user: "joe",
    via: "shadow",
    expect: "dropped",
    withinSeconds: 600,
    droppedAfterSeconds: 600.4,
    by: "TMOUT",
    outcome: "pass",
    clientSaw: "",
    reason: "dropped after 600.4 s by TMOUT, limit 600 s",
    ...over,
  };
}

describe("sshd, release by release", () => {
  const CHANNEL = "channeltimeout session:*=10m";
  const ALIVE = ["clientaliveinterval 30", "clientalivecountmax 1"];
  const RECIPE = ["clientaliveinterval 300", "clientalivecountmax 0"];
  test.each<[string, string, SessionKind, string[], string[], string, number | null]>([
    // release, role, kind, lines for the class, lines without -C, by, seconds
    ["10.6", "admin", "idle-shell", [CHANNEL], [], "ChannelTimeout", 600],
    ["10.6", "admin", "idle-command", [CHANNEL], [], "ChannelTimeout", 600],
    ["10.6", "admin", "output-loop", [CHANNEL], [], "none", null],
    ["10.6", "admin", "idle-forward", [CHANNEL], [], "none", null],
    ["10.6", "admin", "idle-forward", ["channeltimeout direct-*=5m"], [], "ChannelTimeout", 300],
    ["10.6", "admin", "idle-shell", ["channeltimeout session=10m"], [], "ChannelTimeout", 600],
    ["10.5", "admin", "idle-shell", ["channeltimeout session=10m"], [], "none", null],
    ["10.0", "admin", "idle-shell", [CHANNEL], [], "none", null],
    ["10.0", "admin", "idle-shell", [CHANNEL], [CHANNEL], "ChannelTimeout", 600],
    [
      "10.0",
      "admin",
      "idle-sftp",
      ["channeltimeout none"],
      ["channeltimeout session:shell=10m"],
      "none",
      null,
    ],
    [
      "10.0",
      "admin",
      "unused-connection",
      ["unusedconnectiontimeout 600"],
      [],
      "UnusedConnectionTimeout",
      600,
    ],
    ["8.4", "admin", "unused-connection", ["unusedconnectiontimeout 600"], [], "none", null],
    ["8.4", "admin", "frozen-client", ALIVE, [], "ClientAlive", 60],
    [
      "9.2",
      "admin",
      "frozen-client",
      ["clientaliveinterval 15", "clientalivecountmax 1"],
      [],
      "ClientAlive",
      60,
    ],
    ["10.0", "admin", "idle-shell", ALIVE, [], "none", null],
    ["8.4", "admin", "idle-shell", RECIPE, [], "none", null],
    ["8.4", "admin", "frozen-client", RECIPE, [], "none", null],
    ["8.1", "admin", "idle-shell", RECIPE, [], "ClientAlive", 300],
    ["8.1", "admin", "tmux", RECIPE, [], "ClientAlive", 300],
    ["8.1", "admin", "output-loop", RECIPE, [], "none", null],
    ["8.0", "admin", "output-loop", RECIPE, [], "none", null],
  ])("%s %s %s %j %j: %s after %s", (release, name, kind, lines, general, by, seconds) => {
    const joe = says(person("joe", "group:sudo"), ...lines);
    const facts = host({ version: version(release), classes: [says(person("nobody")), joe] });
    const effective = known(["pubkeyauthentication yes", ...general]);
    const found = cell({ ...facts, sshd: { ...facts.sshd, effective } }, name, kind);
    expect(found.effective?.by ?? "none").toBe(by);
    expect(found.effective?.seconds ?? null).toBe(seconds);
    expect(found.outcome).toBe(by === "none" ? "fail" : "pass");
    expect(found.evidence).toBe(by === "none" ? null : "effective");
    expect(found.reason === undefined).toBe(by !== "none");
  });

  test("8.0 with a count of 0 is unknown, whoever asks, until a session showed what this build does", () => {
    const joe = says(person("joe", "group:sudo"), ...RECIPE);
    const facts = host({ version: version("8.0"), classes: [joe] });
    const asked = cell(facts, "admin", "foreground-program");
    expect(asked).toMatchObject({ outcome: "unknown", evidence: "effective", effective: { seconds: 300 } });
    expect(asked.reason).toMatch(/some builds of this OpenSSH drop sessions .* and some never do/u);
    const passed = probe({ session: "foreground-program", by: "ClientAlive" });
    expect(cell(facts, "admin", "foreground-program", { probes: [passed] }).outcome).toBe("pass");
    const other = { ...passed, session: "idle-sftp" } as const;
    expect(cell(facts, "admin", "foreground-program", { probes: [other] }).outcome).toBe("unknown");
  });

  test("9.2 does not print ChannelTimeout: a global line is configured, never effective; one in Match is nothing", () => {
    const at92 = (text: string): Facts =>
      host({
        version: version("9.2"),
        classes: [says(person("joe", "group:sudo"))],
        dropIns: { "/etc/ssh/sshd_config.d/10-x.conf": text },
      });
    const global = cell(at92("\nChannelTimeout session:*=10m\n"), "admin", "idle-shell");
    expect(global).toMatchObject({ evidence: "configured", effective: null, outcome: "pass" });
    expect(global.configured).toEqual({
      by: "ChannelTimeout",
      seconds: 600,
      source: "/etc/ssh/sshd_config.d/10-x.conf:2",
    });
    const inMatch = cell(at92("Match Group sudo\nChannelTimeout session:*=10m\n"), "admin", "idle-shell");
    expect(inMatch).toMatchObject({ evidence: null, configured: null, outcome: "fail" });
    const forAll = cell(at92("Match all\nChannelTimeout session:*=10m\n"), "admin", "idle-shell");
    expect(forAll).toMatchObject({ evidence: "configured", outcome: "pass" });
  });

  test("later than the limit fails and says so; the file and line are found", () => {
    const facts = host({
      version: version("10.6"),
      classes: [says(person("joe", "group:sudo"), "channeltimeout session:*=20m")],
      dropIns: { "/etc/ssh/sshd_config.d/10-x.conf": "Match Group sudo\n ChannelTimeout session:*=20m\n" },
    });
    expect(cell(facts, "admin", "idle-shell")).toMatchObject({
      outcome: "fail",
      evidence: "effective",
      configured: { seconds: 1200, source: "/etc/ssh/sshd_config.d/10-x.conf:2" },
      effective: { seconds: 1200, source: "channeltimeout session:*=20m" },
      reason: expect.stringContaining("only after 20m"),
    });
  });

  test("an option on the daemon's command line is in sshd's answer, and does not beat Match", () => {
    const options = ["ClientAliveInterval=0", "ChannelTimeout=session:*=0"];
    const withOptions = (release: string, text: string, ...lines: string[]): Facts => {
      const classes = [says(person("joe", "group:sudo"), ...lines)];
      const dropIns = { "/etc/ssh/sshd_config.d/10-x.conf": text };
      const facts = host({ version: version(release), classes, dropIns });
      return { ...facts, sshd: { ...facts.sshd, options } };
    };
    const inMatch = withOptions("10.6", "Match all\nChannelTimeout session:*=10m\n", CHANNEL, ...ALIVE);
    expect(cell(inMatch, "admin", "idle-shell")).toMatchObject({ outcome: "pass", evidence: "effective" });
    expect(cell(inMatch, "admin", "frozen-client")).toMatchObject({ outcome: "pass" });
    const global = withOptions("10.6", "ChannelTimeout session:*=10m\n", "channeltimeout session:*=0");
    expect(cell(global, "admin", "idle-shell")).toMatchObject({ outcome: "fail", effective: null });
    // Read before all files when it starts, and it prints no such line.
    const silent = withOptions("9.2", "Match all\nChannelTimeout session:*=10m\n");
    expect(cell(silent, "admin", "idle-shell")).toMatchObject({ outcome: "fail", configured: null });
  });

  test("what sshd does not answer is unknown, and says for whom", () => {
    const joe = { ...person("joe", "group:sudo"), effective: unreadable<readonly string[]>("bad option") };
    const found = cell(host({ classes: [joe] }), "admin", "idle-shell");
    expect(found).toMatchObject({ outcome: "unknown", evidence: null });
    expect(found.reason).toBe("sshd -T -C for joe: bad option could not be read; the effect is unknown");
  });
});

describe("the other mechanisms", () => {
  const joe = says(person("joe", "group:sudo"));

  test("TMOUT and the watchdog count once their files are there, TMOUT once the shells say so", () => {
    const bare = host({ version: version("8.4"), classes: [joe] });
    const before = cell(bare, "admin", "idle-shell", { selected: ALL });
    expect(before).toMatchObject({ outcome: "fail", configured: null, evidence: null });
    expect(before.reason).toBe("what would end it is not applied yet: shell-timeout, watchdog");
    const there = { ...applied(bare, ALL), watchdogTimer: known(true) };
    expect(cell(there, "admin", "idle-shell", { selected: ALL })).toMatchObject({
      outcome: "pass",
      configured: { by: "TMOUT", seconds: 600, source: "/etc/profile.d/00-curfew.sh" },
    });
    expect(cell(there, "admin", "tmux", { selected: ALL })).toMatchObject({
      outcome: "pass",
      configured: { by: "watchdog", source: WATCHDOG_FILES.script },
    });
    expect(cell(there, "admin", "idle-command", { selected: ALL })).toMatchObject({ outcome: "fail" });
  });

  test.each([
    [known(true), "pass", "effective", "curfew-watchdog.timer is active"],
    [known(false), "fail", "configured", undefined],
  ] as const)("a watchdog whose timer is %j", (watchdogTimer, outcome, evidence, source) => {
    const there = applied(host({ version: version("8.4"), classes: [joe] }), ALL);
    const found = cell({ ...there, watchdogTimer }, "admin", "tmux", { selected: ALL });
    expect(found).toMatchObject({ outcome, evidence, configured: { by: "watchdog" } });
    expect(found.effective?.source).toBe(source);
    expect(found.reason ?? "").toContain(outcome === "fail" ? "systemctl start curfew-watchdog.timer" : "");
  });

  test.each<[string, WatchdogRun, string, number | null, RegExp]>([
    ["as it should", { every: 30, since: 12, took: 0.1 }, "pass", 637.1, /^$/u],
    ["seldom, by a drop-in", { every: 600, since: 12, took: 0.1 }, "fail", 1777.1, /only after/u],
    ["not lately", { every: 30, since: 3600, took: 0.1 }, "fail", null, /last ran 3600 s ago/u],
    ["at times nobody can tell", { every: null, since: 12, took: 1 }, "unknown", null, /how often/u],
    [
      "as nobody",
      { every: 30, since: 12, took: 0.1, hindered: "User=nobody" },
      "fail",
      null,
      /have User=nobody/u,
    ],
    [
      "and fails",
      { every: 30, since: 12, took: 0.1, failed: "exit-code" },
      "unknown",
      null,
      /came to "exit-code"/u,
    ],
    ["slowly", { every: 30, since: 12, took: 55 }, "fail", 742, /only after/u],
  ])("a watchdog that runs %s", (_, watchdogRun, outcome, seconds, reason) => {
    const there = applied(host({ version: version("8.4"), classes: [joe] }), ALL);
    const facts = { ...there, watchdogTimer: known(true), watchdogRun };
    const found = cell(facts, "admin", "tmux", { selected: ALL });
    expect(found.outcome).toBe(outcome);
    expect(found.effective?.seconds ?? null).toBe(seconds);
    expect(found.reason ?? "").toMatch(reason);
  });

  const inTime: WatchdogRun = { every: 30, since: 12, took: 0.1 };
  test.each<[string, WatchdogRun | undefined, WatchdogWord, string, RegExp]>([
    ["looks as it should", inTime, { since: 12 }, "pass", /^$/u],
    ["looks under cron", undefined, { since: 50 }, "pass", /^$/u],
    ["is started, and never says that it looked", inTime, { since: 3600 }, "unknown", /no word of looking/u],
    ["is not even started, under cron", undefined, { since: 3600 }, "fail", /does not run/u],
    [
      "may end nobody",
      inTime,
      { since: 5, cannot: "it lacks CAP_KILL" },
      "fail",
      /ends no session: it lacks/u,
    ],
  ])("a watchdog that %s", (_, watchdogRun, watchdogWord, outcome, reason) => {
    const there = applied(host({ version: version("8.4"), classes: [joe] }), ALL);
    const run = watchdogRun === undefined ? {} : { watchdogRun };
    const facts = { ...there, watchdogTimer: known(true), ...run, watchdogWord };
    const found = cell(facts, "admin", "tmux", { selected: ALL });
    expect(found.outcome).toBe(outcome);
    expect(found.reason ?? "").toMatch(reason);
  });

  test("a look that takes less than a second does not decide about a short limit", () => {
    const policy = limits(role("default", 900, 60), [role("admin", 25, 60, { groups: ["sudo"] })]);
    const there = applied(host({ version: version("8.4"), classes: [joe] }), ALL, policy);
    const facts = { ...there, watchdogTimer: known(true), watchdogRun: { every: 5, since: 2, took: 0.4 } };
    expect(cell(facts, "admin", "tmux", { selected: ALL, policy })).toMatchObject({ outcome: "pass" });
  });

  test("a shell without a timeout that somebody has is not ended by TMOUT", () => {
    const facts = host({ version: version("8.4"), classes: [joe] });
    const shells = [{ path: "/bin/dash", kind: "dash", inUse: true }, ...facts.shells];
    const there = applied({ ...facts, shells }, ["shell-timeout"]);
    const found = cell(there, "admin", "idle-shell", { selected: ["shell-timeout"] });
    expect(found).toMatchObject({ outcome: "fail", evidence: "configured" });
    expect(found.reason).toContain("/bin/dash");
  });

  test.each([
    ["readonly TMOUT=300", "unknown", 300],
    ["readonly TMOUT=900", "fail", 900],
    ["TMOUT=0", "fail", null],
  ])("somebody else's %s", (text, outcome, seconds) => {
    const facts = host({ version: version("8.4"), classes: [joe] });
    const foreignTimeouts = [{ file: "/etc/profile.d/tmout.sh", line: 3, text }];
    const found = cell({ ...facts, foreignTimeouts }, "admin", "idle-shell");
    expect(found.outcome).toBe(outcome);
    expect(found.configured?.seconds ?? null).toBe(seconds);
    expect(found.configured?.source ?? "").toBe(seconds === null ? "" : "/etc/profile.d/tmout.sh:3");
  });

  test.each([
    [{ version: 252, idleStop: "600", utmp: "yes" }, "pass", "effective"],
    [{ version: 257, idleStop: "600", utmp: "no" }, "fail", null],
    [{ version: 257, idleStop: "600", utmp: "unknown" }, "unknown", null],
    [{ version: 252, idleStop: "infinity", utmp: "yes" }, "fail", null],
    [{ version: 247, idleStop: "unsupported", utmp: "yes" }, "fail", null],
  ] as const)("logind %j: %s", (state, outcome, evidence) => {
    const seen = says(person("joe", "group:sudo"), "usepam yes");
    const facts = host({ version: version("8.4"), classes: [seen], logind: known(state) });
    expect(cell(facts, "admin", "output-loop", { selected: ["logind"] })).toMatchObject({
      outcome,
      evidence,
    });
    expect(cell(facts, "admin", "idle-command", { selected: ["logind"] }).outcome).toBe("fail");
  });

  const FIRES = { version: 252, idleStop: "600", utmp: "yes" } as const;
  test.each<[string, readonly string[], readonly string[], string, string]>([
    ["without PAM", ["usepam no"], [], "fail", "sshd has UsePAM no, so logind sees none of its sessions"],
    ["built without PAM", [], [], "fail", "sshd does not say UsePAM yes"],
    ["by the daemon's own option", ["usepam yes"], ["UsePAM=no"], "fail", "sshd has UsePAM no"],
    ["with PAM", ["usepam yes"], [], "pass", ""],
    ["with PAM by the daemon's own option", ["usepam no"], ["UsePAM yes"], "pass", ""],
  ])("a logind that is set, and an sshd %s", (_, lines, options, outcome, reason) => {
    const classes = [says(person("joe", "group:sudo"), ...lines)];
    const facts = host({ version: version("8.4"), classes, logind: known(FIRES) });
    const there = { ...facts, sshd: { ...facts.sshd, options } };
    for (const kind of ["idle-shell", "foreground-program", "tmux"] as const) {
      const found = cell(there, "admin", kind, { selected: ["logind"] });
      expect(found.outcome).toBe(outcome);
      expect(found.reason ?? "").toContain(reason);
      expect(found.effective === null).toBe(outcome === "fail");
    }
  });

  test("a logind that is set, and an sshd that nobody could ask", () => {
    const classes = [{ ...person("joe", "group:sudo"), effective: unreadable<readonly string[]>("denied") }];
    const facts = host({ version: version("8.4"), classes, logind: known(FIRES) });
    expect(cell(facts, "admin", "tmux", { selected: ["logind"] }).outcome).toBe("unknown");
  });

  test("a logind that is set, and an sshd that has not read its files anew", () => {
    const classes = [says(person("joe", "group:sudo"), "usepam yes")];
    const facts = host({ version: version("8.4"), classes, logind: known(FIRES) });
    const path = facts.sshd.mainFile.realPath;
    const later = { changed: "2027-01-01T00:00:00Z", modified: "2027-01-01T00:00:00Z" };
    const stale = { ...facts, times: { ...facts.times, files: { [path]: later } } };
    expect(cell(stale, "admin", "tmux", { selected: ["logind"] })).toMatchObject({
      outcome: "unknown",
      reason: expect.stringContaining("changed after sshd read it") as string,
    });
  });

  test("a logind that was not restarted denies its file", () => {
    const policy = limits(role("default", 600, null));
    const facts = host({ version: version("8.4"), classes: [says(person("nobody"))] });
    const found = cell(applied(facts, ["logind"], policy), "default", "tmux", {
      policy,
      selected: ["logind"],
    });
    expect(found).toMatchObject({
      outcome: "fail",
      configured: { by: "logind", seconds: 600 },
      effective: null,
    });
    expect(found.reason).toContain("logind itself says infinity");
  });
});

describe("people", () => {
  test("roles that somebody is in, each kind but typing once; none where nobody could be read is a pass", () => {
    const facts = host({ classes: [says(person("joe", "group:sudo"))] });
    expect(new Set(cells(facts).map((each) => each.role))).toEqual(new Set(["admin", "default"]));
    expect(cells(facts).some(({ kind }) => kind === "typing")).toBe(false);
    const unread = {
      ...facts,
      sshd: { ...facts.sshd, classes: unreadable<readonly UserClass[]>("getent hangs") },
    };
    expect(new Set(cells(unread).map(({ outcome }) => outcome))).toEqual(new Set(["unknown"]));
  });

  test("the worst member decides, and is named", () => {
    const good = says(person("joe", "group:sudo"), "channeltimeout session:*=10m");
    const bad = says(person("ann", "group:sudo", "user:ann"));
    const found = cell(host({ version: version("10.6"), classes: [good, bad] }), "admin", "idle-shell");
    expect(found.outcome).toBe("fail");
    expect(found.reason).toMatch(/^ann: /u);
  });

  test("exempt from everything: waived and kept; from one control: waived only where that would have helped", () => {
    const backup = says(person("backup", "user:backup"));
    const facts = host({ version: version("10.6"), classes: [backup] });
    const whole = limits(role("default", 900, null), [], [exemption(["backup"])]);
    expect(cell(facts, "default", "idle-shell", { policy: whole })).toMatchObject({
      outcome: "waived",
      expect: "kept",
      reason: "exempt: nightly backup",
    });
    const part = limits(role("default", 900, null), [], [exemption(["backup"], [], ["sshd"])]);
    const both: Question = { policy: part, selected: ["sshd", "shell-timeout"] };
    expect(cell(facts, "default", "idle-command", both).outcome).toBe("waived");
    expect(cell(facts, "default", "output-loop", both).outcome).toBe("fail");
  });

  test("no limit asks for nothing", () => {
    const policy = limits(role("default", null, null));
    const facts = host({ classes: [says(person("nobody"))] });
    expect(cell(facts, "default", "tmux", { policy })).toMatchObject({
      limit: null,
      outcome: "pass",
      expect: "kept",
    });
  });
});

describe("demonstrations", () => {
  const facts = host({
    version: version("10.6"),
    classes: [says(person("joe", "group:sudo"), "channeltimeout session:*=10m")],
  });
  const shown = (...probes: ProbeResult[]): LadderCell => cell(facts, "admin", "idle-shell", { probes });

  test("a real session outranks every file, for good and for bad", () => {
    expect(shown(probe({}))).toMatchObject({
      outcome: "pass",
      evidence: "demonstrated",
      demonstrated: { by: "TMOUT", seconds: 600.4, source: "shadow as joe" },
      effective: { by: "ChannelTimeout" },
    });
    const kept = probe({ outcome: "fail", by: "none", droppedAfterSeconds: null, reason: "still there" });
    expect(shown(kept)).toMatchObject({
      outcome: "fail",
      evidence: "demonstrated",
      demonstrated: { by: "none", seconds: null },
      reason: "still there",
    });
  });

  test("a live real limit says most, a scaled one least; any failure wins", () => {
    const live = probe({ via: "live", user: "liz" });
    const scaled = probe({ scaled: 10, droppedAfterSeconds: 10 });
    expect(shown(scaled, probe({}), live).demonstrated?.source).toBe("live as liz");
    expect(shown(scaled).demonstrated?.source).toBe("shadow as joe, scaled to 10 s");
    expect(shown(live, { ...scaled, outcome: "fail" }).outcome).toBe("fail");
  });

  test("one that could not be judged demonstrates nothing and is no pass, whatever files say", () => {
    const lost = probe({ outcome: "unknown", by: "none", droppedAfterSeconds: null, reason: "the network" });
    expect(shown(lost)).toMatchObject({
      outcome: "unknown",
      demonstrated: null,
      evidence: "effective",
      reason: "the network",
    });
  });

  test("typing has a cell where it was tried", () => {
    const typed = probe({ session: "typing", expect: "kept", droppedAfterSeconds: null, by: "none" });
    expect(cell(facts, "admin", "typing", { probes: [typed] })).toMatchObject({
      expect: "kept",
      outcome: "pass",
      evidence: "demonstrated",
    });
  });
});

describe("answers of real hosts", () => {
  const fixture = (name: string): Buffer =>
    readFileSync(new URL(`../../fixtures/facts/${name}`, import.meta.url));
  test.each(["bullseye", "bookworm", "trixie", "sid"])("%s", (release) => {
    const facts = parseFacts(fixture(`${release}.out`), {
      host: "web1",
      token: "0123456789abcdef0123456789abcdef",
      serverIdent: fixture(`${release}.ident`).toString().trim(),
      selectors: SELECTORS,
      takenAt: "2026-11-22T00:00:00.000Z",
    });
    const policy = limits(role("default", 900, 400), [
      role("operators", 600, 400, { groups: ["operators"] }),
    ]);
    const found = cells(facts, { policy, selected: ["sshd", "shell-timeout"] });
    // Interval 77, CountMax 3 of the fixture; nothing of the policy was applied there.
    expect(found.find((each) => each.role === "operators" && each.kind === "frozen-client")).toMatchObject({
      effective: { by: "ClientAlive", seconds: release === "bookworm" ? 616 : 308 },
      outcome: release === "bookworm" ? "fail" : "pass",
      evidence: "effective",
    });
    expect(found.find((each) => each.role === "operators" && each.kind === "tmux")).toMatchObject({
      outcome: "fail",
      evidence: null,
    });
    expect(found.find((each) => each.role === "operators" && each.kind === "idle-shell")).toMatchObject({
      outcome: "fail",
      configured: { by: "TMOUT", seconds: 900, source: "/etc/profile.d/tmout.sh:3" },
    });
  });
});
