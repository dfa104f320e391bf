import { describe, expect, test } from "vitest";
import { loadBaseline } from "../../../src/config/policy/baseline.ts";
import { CONTROLS } from "../../../src/controls/index.ts";
import { judgeBaseline, judgeBaselines } from "../../../src/core/baseline/judge-baseline.ts";
import {
  holds,
  baselineInfo,
  relationText,
  rulesFor,
  systemOf,
} from "../../../src/core/policy/baseline-rules.ts";
import type { Facts, UserClass } from "../../../src/model/facts/facts.ts";
import type { Finding } from "../../../src/model/verdict/finding.ts";
import { SHELL_SCRIPT } from "../../../src/model/inventory/host-paths.ts";
import type { HostLimits } from "../../../src/model/policy/limits.ts";
import type { HostPlan } from "../../../src/model/change/plan.ts";
import type { ShellAnswer } from "../../../src/model/facts/login-shell.ts";
import type { BaselineName } from "../../../src/model/policy/baseline-name.ts";
import { type Reading, absent, known, unreadable } from "../../../src/model/terms/reading.ts";
import { exemption, host, limits, person, role, version } from "../../controls/facts-fixture.ts";
import { answered } from "../../controls/shell-answers.ts";

const DROP_IN = "/etc/ssh/sshd_config.d/00-00-curfew.conf";
const GOOD = known(["clientaliveinterval 300", "clientalivecountmax 1"]);
const POLICY = limits(role("default", 600, 600), [role("admin", 300, 600, { users: ["root"] })]);
const NOTHING = { changes: [], findings: [] } satisfies Pick<HostPlan, "changes" | "findings">;

function says(user: string, lines: Reading<readonly string[]>, ...selectors: string[]): UserClass {
  return { ...person(user, ...selectors), effective: lines };
}

interface Spec {
  readonly os?: readonly [id: string, versionId: string];
  readonly sshd?: string;
  readonly effective?: Reading<readonly string[]>;
  readonly classes?: Reading<readonly UserClass[]>;
  readonly dropIns?: Readonly<Record<string, string>>;
  readonly script?: string | null;
  readonly logind?: Facts["logind"];
  readonly foreign?: Facts["foreignTimeouts"];
  /** Whether the shells were run; by default where the script alone decides. */
  readonly asked?: boolean;
}

/** An Ubuntu 22.04 where everything is as it should be, changed where a test says so. */
function machine(spec: Spec = {}): Facts {
  const [id, versionId] = spec.os ?? ["ubuntu", "22.04"];
  const script = spec.script === undefined ? "TMOUT=600\nreadonly TMOUT\nexport TMOUT\n" : spec.script;
  const found = host({
    version: version(spec.sshd ?? "8.9"),
    dropIns: spec.dropIns ?? { [DROP_IN]: "ClientAliveInterval 300\nClientAliveCountMax 1\n" },
    ...(script === null ? {} : { files: { [SHELL_SCRIPT]: script } }),
    logind: spec.logind ?? known({ version: 252, idleStop: "600", utmp: "yes" }),
  });
  const asked = spec.asked ?? (script !== null && spec.foreign === undefined);
  const there: Facts = {
    ...found,
    os: known({ id, versionId, name: `${id} ${versionId}` }),
    foreignTimeouts: spec.foreign ?? [],
    sshd: {
      ...found.sshd,
      effective: spec.effective ?? GOOD,
      classes: spec.classes ?? known([says("nobody", GOOD), says("root", GOOD, "user:root")]),
    },
  };
  return asked ? answered(there, ({ selectors }) => (selectors.includes("user:root") ? 300 : 600)) : there;
}

function judge(
  facts: Facts,
  name: BaselineName = "stig-ubuntu2204",
  policy: HostLimits = POLICY,
  plan: Pick<HostPlan, "changes" | "findings"> = NOTHING,
): Finding[] {
  return judgeBaseline(facts, policy, loadBaseline(name), plan, CONTROLS);
}

function outcomes(findings: readonly Finding[], rule?: string): string[] {
  return findings
    .filter((each) => rule === undefined || each.rule === rule)
    .map(({ outcome, role: who, subject }) => `${outcome} ${who} ${subject ?? ""}`);
}

describe("a host as it should be", () => {
  test("passes every rule, for the host and for every role", () => {
    const findings = judge(machine());
    expect(outcomes(findings)).toEqual([
      "pass * ClientAliveInterval",
      "pass default ClientAliveInterval",
      "pass admin ClientAliveInterval",
      "pass * ClientAliveInterval in files",
      "pass * ClientAliveCountMax",
      "pass default ClientAliveCountMax",
      "pass admin ClientAliveCountMax",
      "pass * ClientAliveCountMax in files",
      "pass default TMOUT",
      "pass admin TMOUT",
    ]);
    expect(new Set(findings.map(({ check }) => check))).toEqual(new Set(["baseline-rule"]));
    expect(new Set(findings.map(({ rule }) => rule))).toEqual(
      new Set(["UBTU-22-255035", "UBTU-22-255030", "UBTU-22-412030"]),
    );
  });

  test("and a pass says what the number does not do", () => {
    const interval = judge(machine()).find(({ subject }) => subject === "ClientAliveInterval");
    expect(interval).toMatchObject({
      expected: "ClientAliveInterval is more than 0 and at most 600",
      actual:
        "300; ends a session 10m after its client stopped answering, never an idle one whose client answers",
      source: "sshd -T",
      evidence: "effective",
    });
    const recipe = known(["clientaliveinterval 600", "clientalivecountmax 0"]);
    const [first] = judge(machine({ effective: recipe }));
    expect(first?.actual).toBe("600; with ClientAliveCountMax 0 sshd drops no client");
  });

  test("rule, role, control and subject name each finding once", () => {
    const policy = limits(POLICY.defaults, POLICY.roles, [exemption(["backup"])]);
    const classes = known([
      says("nobody", GOOD),
      says("root", GOOD, "user:root"),
      says("backup", GOOD, "user:backup"),
    ]);
    const findings = judge(machine({ classes, os: ["rhel", "9.4"] }), "stig-rhel9", policy);
    const names = findings.map((each) => [each.control, each.role, each.rule, each.subject].join(" | "));
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("numbers", () => {
  const lines = (interval: string, count: string) =>
    known([`clientaliveinterval ${interval}`, `clientalivecountmax ${count}`]);

  test.each([
    ["600 is allowed", lines("600", "1"), "pass", "pass"],
    ["601 is not", lines("601", "1"), "fail", "pass"],
    ["0 is off", lines("0", "3"), "fail", "fail"],
    ["a stricter count is another one", lines("300", "0"), "pass", "fail"],
    ["what sshd does not say", known(["port 22"]), "unknown", "unknown"],
    ["what it could not be asked", unreadable<string[]>("no host keys"), "unknown", "unknown"],
  ])("%s", (_name, effective, interval, count) => {
    const classes = known([says("nobody", effective)]);
    const findings = judge(machine({ effective, classes }));
    expect(outcomes(findings, "UBTU-22-255035").slice(0, 2)).toEqual([
      `${interval} * ClientAliveInterval`,
      `${interval} default ClientAliveInterval`,
    ]);
    expect(outcomes(findings, "UBTU-22-255030")[0]).toBe(`${count} * ClientAliveCountMax`);
  });

  test("one member of a role for whom another Match block wins fails the role", () => {
    const classes = known([says("nobody", GOOD), says("eve", lines("0", "3"), "group:ext")]);
    const findings = judge(machine({ classes }));
    expect(
      findings.find(({ role: who, subject }) => who === "default" && subject === "ClientAliveInterval"),
    ).toMatchObject({
      outcome: "fail",
      actual: "0",
      source: "sshd -T -C user=eve",
    });
  });

  test.each([
    ["Match Address *,!10.0.0.5", "0", "unknown"],
    ["Match Address *,!10.0.0.5", "60", "pass"],
    ["Match Group contractors", "0", "unknown"],
    ["Match User carol", "0", "pass"],
  ])("%s with an interval of %s, which sshd was not asked about: %s", (match, interval, outcome) => {
    const dropIns = {
      [DROP_IN.replace("curfew", "x")]:
        `ClientAliveInterval 300\n${match}\n ClientAliveInterval ${interval}\n`,
    };
    const people = { ...says("nobody", GOOD), users: ["eve", "nobody"], size: 2 };
    const findings = judge(machine({ dropIns, classes: known([people]) }), "cis");
    const found = findings.find(
      ({ role: who, subject }) => who === "default" && subject === "ClientAliveInterval",
    );
    expect(found?.outcome).toBe(outcome);
    expect(found?.actual.includes(match)).toBe(outcome === "unknown");
  });

  test("a block of somebody else with the same interval does not hide one of a member", () => {
    const main = "ClientAliveInterval 300\nMatch User carol\n ClientAliveInterval 300\n";
    const dropIns = { [DROP_IN.replace("curfew", "x")]: `${main}Match User eve\n ClientAliveInterval 0\n` };
    const people = { ...says("nobody", GOOD), users: ["eve", "nobody"], size: 2 };
    const findings = judge(machine({ dropIns, classes: known([people]) }), "cis");
    expect(
      findings.find(({ role: who, subject }) => who === "default" && subject === "ClientAliveInterval"),
    ).toMatchObject({ outcome: "unknown", actual: expect.stringContaining("Match User eve") as string });
  });

  test("people that nobody could read are unknown, once per rule", () => {
    const findings = judge(machine({ classes: unreadable("getent failed") }));
    expect(outcomes(findings).filter((each) => each.startsWith("unknown"))).toEqual([
      "unknown * ClientAliveInterval per role",
      "unknown * ClientAliveCountMax per role",
      "unknown * TMOUT",
    ]);
  });
});

describe("files, where the baseline looks at them", () => {
  const inFiles = (dropIns: Record<string, string>) =>
    judge(machine({ dropIns })).find(({ subject }) => subject === "ClientAliveInterval in files");

  test("values that differ are a failure, in Match too", () => {
    const text = "ClientAliveInterval 300\nMatch User x\n  ClientAliveInterval 60\n";
    expect(inFiles({ [DROP_IN]: text })).toMatchObject({
      outcome: "fail",
      actual: `different values: 300 in ${DROP_IN}:1, 60 in ${DROP_IN}:3`,
    });
  });

  test("no file sets it: the daemon's own default may change", () => {
    expect(inFiles({})).toMatchObject({ outcome: "fail", actual: "no file sets it" });
  });

  test("a file that nobody could read is unknown", () => {
    const facts = machine();
    const torn = {
      ...facts,
      sshd: {
        ...facts.sshd,
        dropIns: [{ path: DROP_IN, realPath: DROP_IN, state: unreadable<never>("denied") }],
      },
    };
    expect(judge(torn).find(({ subject }) => subject === "ClientAliveInterval in files")).toMatchObject({
      outcome: "unknown",
    });
  });

  test("stig-rhel10 wants a drop-in before 50-redhat.conf", () => {
    const place = (path: string) =>
      judge(
        machine({
          os: ["rhel", "10.0"],
          dropIns: { [path]: "ClientAliveInterval 300\nClientAliveCountMax 1\n" },
        }),
        "stig-rhel10",
      ).find(({ subject }) => subject === "ClientAliveInterval drop-in");
    expect(place(DROP_IN)).toMatchObject({ outcome: "pass", rule: "RHEL-10-700930" });
    expect(place("/etc/ssh/sshd_config.d/99-late.conf")).toMatchObject({ outcome: "fail" });
  });
});

describe("TMOUT", () => {
  const tmout = (facts: Facts, policy = POLICY, plan = NOTHING as Pick<HostPlan, "changes" | "findings">) =>
    judge(facts, "stig-ubuntu2204", policy, plan).filter(({ rule }) => rule === "UBTU-22-412030");
  const line = (file: string, text: string) => ({ file, line: 3, text });

  test("each role by its own limit, where the file is the policy's", () => {
    expect(tmout(machine()).map(({ role: who, actual }) => [who, actual.split(",")[0]])).toEqual([
      ["default", "600 in nobody's /usr/bin/bash"],
      ["admin", "300 in root's /usr/bin/bash"],
    ]);
    const long = limits(role("default", 1200, 600));
    const unasked = machine({ asked: false });
    expect(tmout(unasked, long)).toMatchObject([{ outcome: "fail", actual: "1200" }]);
    expect(tmout(unasked).map(({ outcome }) => outcome)).toEqual(["unknown", "unknown"]);
  });

  test.each<[string, Partial<ShellAnswer>, string]>([
    ["as it should be", {}, "pass"],
    ["not readonly", { readonly: false }, "fail"],
    ["too long", { limit: 1800 }, "fail"],
    ["not set", { limit: null }, "fail"],
    ["a shell that does not know it", { family: "other", limit: null }, "fail"],
  ])("the shell decides where it was asked: %s", (_, over, outcome) => {
    const answer = {
      family: "bash",
      version: "5",
      limit: 600,
      readonly: true,
      exported: false,
      ...over,
    } as const;
    const asked = [{ user: "nobody", login: known(answer) }];
    const logins = [{ path: "/bin/bash", size: 1, users: ["nobody"], asked }];
    const facts = machine({ classes: known([{ ...says("nobody", GOOD), logins }]), asked: false });
    expect(tmout(facts)).toMatchObject([{ outcome, evidence: "effective" }]);
  });

  test("is unknown where other logins may have another one than was said", () => {
    const text = "case $(ps -o comm= $PPID) in sshd) exec dash;; esac";
    const facts = { ...machine(), leavingLines: [{ file: "/etc/profile", line: 2, text }] };
    expect(tmout(machine()).map(({ outcome }) => outcome)).toEqual(["pass", "pass"]);
    expect(tmout(facts).map(({ outcome }) => outcome)).toEqual(["unknown", "unknown"]);
    expect(tmout(facts)[0]?.actual).toContain("/etc/profile:2 depends on ps");
  });

  test("an exempt person is waived, whoever else is in the role", () => {
    const classes = known([says("nobody", GOOD), says("backup", GOOD, "user:backup")]);
    const policy = limits(role("default", 600, 600), [], [exemption(["backup"])]);
    expect(tmout(machine({ classes }), policy)).toMatchObject([
      { outcome: "pass", subject: "TMOUT" },
      {
        outcome: "waived",
        subject: "TMOUT for nightly backup",
        waiver: "rsync runs for hours (ops@example.com)",
      },
    ]);
  });

  test("a file that is not the policy's passes nobody, whatever it says", () => {
    const change = { path: SHELL_SCRIPT } as HostPlan["changes"][number];
    const plan = { changes: [change], findings: [] };
    const unasked = machine({ asked: false });
    expect(tmout(unasked, POLICY, plan).map(({ outcome }) => outcome)).toEqual(["fail", "fail"]);
  });

  test.each([
    ["nothing at all", [], "fail"],
    [
      "a readonly one of somebody else",
      [line("/etc/profile.d/tmout.sh", "declare -xr TMOUT=600")],
      "unknown",
    ],
    ["one that is too long", [line("/etc/profile.d/tmout.sh", "declare -xr TMOUT=1800")], "fail"],
    ["one that anybody may unset", [line("/etc/profile.d/tmout.sh", "TMOUT=600")], "fail"],
    ["a readonly 0 that is read first", [line("/etc/profile", "readonly TMOUT=0")], "fail"],
    [
      "one that only a comment makes readonly",
      [line("/etc/profile.d/x.sh", "TMOUT=600 # readonly?")],
      "fail",
    ],
    ["one that bash does not read", [line("/etc/zsh/zshrc", "readonly TMOUT=600")], "unknown"],
    ["one that bash does not read, before all", [line("/etc/zsh/zshenv", "readonly TMOUT=600")], "unknown"],
    ["one that is computed", [line("/etc/profile.d/tmout.sh", "readonly TMOUT=$x")], "unknown"],
    [
      "a good one and a bad one",
      [line("/etc/profile.d/a.sh", "readonly TMOUT=600"), line("/etc/profile.d/b.sh", "readonly TMOUT=9000")],
      "fail",
    ],
  ])("without curfew's file: %s", (_name, foreign, outcome) => {
    const findings = tmout(machine({ script: null, foreign }));
    expect(findings.map((each) => each.outcome)).toEqual([outcome, outcome]);
  });
});

describe("scanners that report a failure where the rule is met", () => {
  const TYPESET = "typeset -xr TMOUT=600\nreadonly TMOUT\nexport TMOUT\n";
  const cis = ["clientaliveinterval 60", "clientalivecountmax 3"];
  const written = "ClientAliveInterval 60\nClientAliveCountMax 3\n";
  const said = (spec: Spec, effective = cis): string[] =>
    judge(machine({ effective: known(effective), dropIns: { [DROP_IN]: written }, ...spec }), "cis")
      .filter(({ subject }) => subject?.endsWith("for scanners"))
      .map(({ subject, outcome, actual }) => `${outcome} ${subject}: ${actual}`);

  test("Ubuntu's and Red Hat's content reads what curfew writes", () => {
    expect(said({ os: ["ubuntu", "24.04"] })).toEqual([]);
    const one = {
      dropIns: { [DROP_IN]: "ClientAliveInterval 90\nClientAliveCountMax 1\n" },
      script: TYPESET,
    };
    const counted = ["clientaliveinterval 90", "clientalivecountmax 1"];
    expect(said({ os: ["rhel", "9.4"], ...one }, counted)).toEqual([]);
  });

  test("Debian's reads no drop-in of sshd", () => {
    expect(said({ os: ["debian", "12"], script: TYPESET })).toEqual([
      expect.stringMatching(
        /^pass ClientAliveInterval for .*reads \/etc\/ssh\/sshd_config only.*`sshd_file: main`/u,
      ),
      expect.stringMatching(/^pass ClientAliveCountMax for .*reads \/etc\/ssh\/sshd_config only/u),
    ]);
  });

  test.each([
    ["default", {}, "ClientAliveInterval 60\n", /no line sets it.*looks for a line/u],
    [
      "other count",
      {},
      "ClientAliveInterval 60\nClientAliveCountMax 2\n",
      /^pass ClientAliveCountMax .*: \S+ sets 2; .* exactly 3 in every line/u,
    ],
    [
      "in Match",
      {},
      `${written}Match User x\nClientAliveCountMax 4\n`,
      /^pass ClientAliveCountMax .*: \S+ sets 4;/u,
    ],
    [
      "too long",
      {},
      "ClientAliveInterval 600\nClientAliveCountMax 3\n",
      /^pass ClientAliveInterval .*: \S+ sets 600; .* more than 0 and at most 300 in every line/u,
    ],
    [
      "one-line TMOUT",
      { script: "readonly TMOUT=600\n" },
      written,
      /^pass TMOUT for scanners: .*three lines TMOUT=/u,
    ],
    ["typeset on Ubuntu", { script: "typeset -xr TMOUT=600\n" }, written, /three lines TMOUT=/u],
    [
      "lines on RHEL",
      { os: ["rhel", "9.4"] as const },
      "ClientAliveInterval 60\nClientAliveCountMax 1\n",
      /begins with typeset -xr TMOUT=/u,
    ],
    [
      "a longer one elsewhere",
      {
        asked: true,
        foreign: [
          { file: "/etc/profile", line: 3, text: "TMOUT=1800" },
          { file: "/etc/profile", line: 4, text: "readonly TMOUT" },
          { file: "/etc/profile", line: 5, text: "export TMOUT" },
        ],
      },
      written,
      /\/etc\/profile sets 1800; .* wants more than 0 and at most 900 in every line/u,
    ],
  ])("%s", (_, spec, dropIn, words) => {
    const found = said({ os: ["ubuntu", "24.04"], dropIns: { [DROP_IN]: dropIn }, ...spec });
    expect(found).toEqual([expect.stringMatching(words)]);
  });

  test("nothing is said of sshd's lines where one of the answers is unknown: the rule may not be met", () => {
    const classes = known([says("nobody", known(cis)), says("eve", unreadable<string[]>("no host keys"))]);
    expect(said({ os: ["debian", "12"], script: TYPESET, classes })).toEqual([]);
  });

  test("a profile without a value of its own: 15 minutes meet PCI DSS, Red Hat's check wants 10", () => {
    const long = "typeset -xr TMOUT=900\nreadonly TMOUT\nexport TMOUT\n";
    const words = (os: readonly [string, string]) =>
      judge(machine({ os, script: long }), "pci-dss").filter(
        ({ subject }) => subject === "TMOUT for scanners",
      );
    expect(words(["debian", "12"])).toEqual([]);
    expect(words(["rhel", "9.4"])).toMatchObject([
      {
        outcome: "pass",
        actual: expect.stringContaining("sets 900; the check of ComplianceAsCode wants at most 600"),
      },
    ]);
  });

  test("a rule that is not met says so itself", () => {
    expect(
      said({ os: ["ubuntu", "24.04"], dropIns: {} }, ["clientaliveinterval 0", "clientalivecountmax 0"]),
    ).toEqual([]);
  });
});

describe("StopIdleSessionSec", () => {
  const stop = (logind: Facts["logind"], plan = NOTHING as Pick<HostPlan, "changes" | "findings">) =>
    judge(machine({ os: ["rhel", "9.4"], logind }), "stig-rhel9", POLICY, plan).find(
      ({ rule }) => rule === "RHEL-09-412080",
    );
  const state = (idleStop: string, utmp: "yes" | "no" = "yes") => known({ version: 252, idleStop, utmp });

  test.each([
    ["600", state("600"), "pass", /^600$/u],
    ["stricter is another number", state("300"), "fail", /^300$/u],
    ["off", state("infinity"), "fail", /^infinity$/u],
    ["inert: the rule holds, and it is said", state("600", "no"), "pass", /ends no SSH session/u],
    ["a systemd that does not know it", state("unsupported"), "fail", /ignores the key/u],
    ["no logind", absent<never>(), "fail", /no systemd-logind/u],
    ["nobody could ask", unreadable<never>("no bus"), "unknown", /no bus/u],
  ])("%s", (_name, logind, outcome, actual) => {
    expect(stop(logind)).toMatchObject({
      outcome,
      control: "logind",
      role: "*",
      actual: expect.stringMatching(actual) as string,
    });
  });

  test("says that logind sees no session of an sshd without PAM", () => {
    const effective = known(["clientaliveinterval 300", "usepam no"]);
    const facts = machine({ os: ["rhel", "9.4"], logind: state("600"), effective });
    const found = judge(facts, "stig-rhel9").find(({ rule }) => rule === "RHEL-09-412080");
    expect(found?.actual).toBe(
      "600; sshd has UsePAM no, so logind sees none of its sessions, so this value ends no SSH session",
    );
  });

  test("says why the policy leaves it out", () => {
    const left = {
      check: "mechanism-works",
      control: "logind",
      actual: "it is left out: backup is exempt",
    } as Finding;
    expect(stop(state("infinity"), { changes: [], findings: [left] })?.actual).toBe(
      "infinity; it is left out: backup is exempt",
    );
  });

  test("RHEL 8 before 8.7 has no such rule", () => {
    const rules = (versionId: string) =>
      judge(machine({ os: ["rhel", versionId] }), "stig-rhel8").filter(({ control }) => control === "logind")
        .length;
    expect([rules("8.6"), rules("8.7"), rules("8.10")]).toEqual([0, 1, 1]);
  });
});

describe("systems", () => {
  test("another system than the baseline's: it does not apply, no pass", () => {
    const findings = judge(machine({ os: ["debian", "12"] }));
    expect(findings).toMatchObject([
      {
        // Its help does not say that curfew apply would mend it.
        check: "baseline-system",
        outcome: "not-applicable",
        subject: "system",
        expected: "stig-ubuntu2204 is for Ubuntu 22.04",
        actual: expect.stringContaining("debian 12") as string,
      },
    ]);
  });

  const several = (...names: readonly BaselineName[]) =>
    names.map((name) => ({ baseline: loadBaseline(name) }));
  const among = (facts: Facts, baseline: BaselineName | null, ...names: readonly BaselineName[]) =>
    judgeBaselines(
      facts,
      POLICY,
      { baselines: several(...names), ...(baseline !== null && { baseline: loadBaseline(baseline) }) },
      NOTHING,
      CONTROLS,
    );

  test("none of several is for it: one statement that names them", () => {
    expect(among(machine({ os: ["alpine", "3.20"] }), "stig-rhel9", "stig-rhel9", "cis")).toMatchObject([
      {
        check: "baseline-system",
        outcome: "not-applicable",
        expected: "a profile for this system, of stig-rhel9, cis",
      },
    ]);
  });

  test("no entry of several names it", () => {
    expect(among(machine(), null, "cis")).toMatchObject([
      { check: "baseline-system", outcome: "not-applicable", source: "profile" },
    ]);
    expect(judgeBaselines(machine(), POLICY, {}, NOTHING, CONTROLS)).toEqual([]);
  });

  test("a system that nobody could read: unknown", () => {
    expect(outcomes(judge({ ...machine(), os: unreadable("denied") }))).toEqual(["unknown * system"]);
  });

  test.each<[string, string, readonly string[]]>([
    ["debian", "12", ["5.1.7", "5.4.3.2"]],
    ["debian", "13", ["5.1.7", "5.4.3.2"]],
    ["rhel", "9.4", ["5.1.9", "5.4.3.2"]],
    ["rhel", "10.0", ["5.1.7", "5.4.3.2"]],
    ["ubuntu", "24.04", ["5.1.7", "5.4.3.2"]],
  ])("CIS on %s %s", (id, versionId, ids) => {
    expect([...new Set(judge(machine({ os: [id, versionId] }), "cis").map(({ rule }) => rule))]).toEqual(ids);
  });

  test("9.4 is a 9, 10 is no 1", () => {
    const profile = loadBaseline("stig-rhel9");
    const at = (versionId: string) => systemOf(profile, { os: known({ id: "rhel", versionId, name: "x" }) });
    expect([at("9"), at("9.4")]).toEqual([
      { name: "RHEL 9", versionId: "9" },
      { name: "RHEL 9", versionId: "9.4" },
    ]);
    expect([at("90"), at("10.9"), at("")]).toEqual(["foreign", "foreign", "foreign"]);
  });

  test("PCI DSS is for every system", () => {
    expect(rulesFor(loadBaseline("pci-dss"), "anywhere").map(({ id }) => id)).toEqual(["8.2.8"]);
    expect(judge(machine({ os: ["alpine", "3.20"] }), "pci-dss").length).toBeGreaterThan(4);
  });
});

test("what reports are told", () => {
  const info = baselineInfo(loadBaseline("stig-rhel9"));
  expect(info).toMatchObject({ id: "stig-rhel9", version: "V2R9" });
  expect(info.rules[0]).toMatchObject({ id: "RHEL-09-255100", severity: "medium" });
  expect(info.rules[0]?.references).toContain("V-257996");
  expect(info.rules[0]?.references).toContain("CCI-001133");
});

test("relations", () => {
  expect([599, 600, 601].map((value) => holds({ "at-most": 600 }, value))).toEqual([true, true, false]);
  expect([0, 1].map((value) => holds({ "more-than": 0 }, value))).toEqual([false, true]);
  expect([0, 1, 2].map((value) => holds({ equals: 1 }, value))).toEqual([false, true, false]);
  expect(relationText({ equals: 1 })).toBe("exactly 1");
});
