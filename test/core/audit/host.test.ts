import { describe, expect, test } from "vitest";
import { CONTROLS } from "../../../src/controls/index.ts";
import { auditHost, lostHost } from "../../../src/core/audit/host.ts";
import { fleetFindings } from "../../../src/core/audit/fleet.ts";
import { planHost } from "../../../src/core/plan/host.ts";
import type { AuditedHost } from "../../../src/model/record/audit.ts";
import type { Facts, FileFact } from "../../../src/model/facts/facts.ts";
import type { Finding, LadderCell } from "../../../src/model/verdict/finding.ts";
import type { HostLimits } from "../../../src/model/policy/limits.ts";
import type { ControlId } from "../../../src/model/terms/control-id.ts";
import { policySchema } from "../../../src/config/policy/schema.ts";
import { known, unreadable } from "../../../src/model/terms/reading.ts";
import { DEFAULT_PROBES } from "../../../src/model/terms/session-kind.ts";
import { applied } from "../../controls/applied-facts.ts";
import { answered } from "../../controls/shell-answers.ts";
import { DROP_IN, exemption, fileFact, host, limits, person, role } from "../../controls/facts-fixture.ts";

const POLICY = limits(role("default", 900, 180), [role("admin", 600, 60, { groups: ["sudo"] })]);
const BOTH: readonly ControlId[] = ["sshd", "shell-timeout"];
const PEOPLE = [person("nobody"), person("joe", "group:sudo")];
const COMPLIANT = applied(host({ classes: PEOPLE }), POLICY, BOTH);

function audit(
  facts: Facts,
  policy: HostLimits = POLICY,
  ladder: readonly LadderCell[] = SERVED(),
): AuditedHost {
  return auditHost({
    facts,
    limits: policy,
    plan: { ...planHost(facts, policy, BOTH, CONTROLS), host: "web1" },
    selected: BOTH,
    ladder,
    sessions: DEFAULT_PROBES,
    more: [],
    probes: [],
    evidence: [],
  });
}

/** Everything that does not pass: outcome, check, role, subject. */
function open({ findings }: AuditedHost): string[] {
  return findings
    .filter(({ outcome }) => outcome !== "pass")
    .map(({ outcome, check, role: who, subject }) =>
      [outcome, check, who, ...(subject === undefined ? [] : [subject])].join(" "),
    );
}

function withFile(facts: Facts, path: string, change: (file: FileFact) => FileFact): Facts {
  const edit = (file: FileFact): FileFact => (file.path === path ? change(file) : file);
  const { sshd } = facts;
  const dropIns = sshd.dropIns.map(edit);
  return {
    ...facts,
    files: facts.files.map(edit),
    sshd: { ...sshd, mainFile: edit(sshd.mainFile), dropIns },
  };
}

function edited(path: string, content: (before: string) => string): Facts {
  return withFile(COMPLIANT, path, (file) =>
    file.state.state === "known"
      ? { ...file, state: known({ ...file.state.value, content: content(file.state.value.content) }) }
      : file,
  );
}

type Effective = Facts["sshd"]["effective"];

/** The compliant host with other answers of `sshd -T -C`. */
function answering(answer: (user: string, before: Effective) => Effective, facts = COMPLIANT): Facts {
  const { sshd } = facts;
  const classes = sshd.classes.state === "known" ? sshd.classes.value : [];
  const changed = classes.map((each) =>
    Object.assign({}, each, { effective: answer(each.representative, each.effective) }),
  );
  return { ...facts, sshd: { ...sshd, classes: known(changed) } };
}

/** Every kind that is judged ends in time. */
const SERVED = (): LadderCell[] =>
  ["default", "admin"].flatMap((who) => [cell({ role: who }), cell({ role: who, kind: "frozen-client" })]);

const cell = (other: Partial<LadderCell>): LadderCell => ({
  role: "admin",
  kind: "idle-shell",
  expect: "dropped",
  limit: 600,
  configured: { by: "TMOUT", seconds: 600, source: "/etc/profile.d/00-curfew.sh:9" },
  effective: null,
  demonstrated: null,
  outcome: "pass",
  evidence: "configured",
  ...other,
});

describe("one host", () => {
  test("as applied: nothing to say", () => {
    const audited = audit(COMPLIANT);
    expect(open(audited)).toEqual([]);
    expect(audited.outcome).toBe("pass");
    expect(audited.drift).toEqual([]);
    expect(new Set(audited.findings.map(({ check }) => check))).toEqual(
      new Set([
        "host-judged",
        "files-as-rendered",
        "files-as-applied",
        "daemon-current",
        "sshd-effective",
        "accounts-covered",
        "session-ends",
        "version-ability",
      ]),
    );
  });

  test("never applied: files are missing and sshd says something else", () => {
    const audited = audit(host({ classes: PEOPLE }));
    expect(audited.outcome).toBe("unknown");
    expect(open(audited)).toEqual([
      "fail files-as-rendered *",
      "fail files-as-rendered *",
      "unknown daemon-current *",
      "fail sshd-effective default",
      "fail sshd-effective admin",
    ]);
    expect(audited.drift.map(({ path }) => path)).toContain(DROP_IN);
  });

  test.each([
    ["edited", (facts: Facts) => facts, "changed on 2026-11-22 00:00:00 UTC by the host's clock"],
    [
      "removed",
      (facts: Facts) => withFile(facts, DROP_IN, ({ path }) => fileFact(path, null)),
      "it was removed",
    ],
  ])("a file was %s since it was applied", (_, change, actual) => {
    const audited = audit(change(edited(DROP_IN, (text) => `${text}UsePAM no\n`)));
    expect(open(audited)).toEqual(["fail files-as-rendered *", `fail files-as-applied * ${DROP_IN}`]);
    expect(audited.findings.find(({ subject }) => subject === DROP_IN)?.actual).toBe(actual);
  });

  test("a shared file that changed outside curfew's block is said, and no failure", () => {
    const audited = audit(edited("/etc/bash.bashrc", (text) => `${text}alias ll='ls -l'\n`));
    expect(open(audited)).toEqual([]);
    const finding = audited.findings.find(({ subject }) => subject === "/etc/bash.bashrc");
    expect(finding?.actual).toContain("outside what curfew put there");
  });

  test("sshd says something else for one role: that role, with what it says", () => {
    const said = known(["clientaliveinterval 0", "clientalivecountmax 3"]);
    const audited = audit(answering((user, before) => (user === "joe" ? said : before)));
    expect(open(audited)).toEqual(["fail sshd-effective admin"]);
    const finding = audited.findings.find(
      ({ check, outcome }) => check === "sshd-effective" && outcome === "fail",
    );
    expect(finding).toMatchObject({ evidence: "effective", source: "sshd -T -C user=joe" });
    expect(finding?.actual).toContain("clientaliveinterval 0");
  });

  test("one account fails and another of its role is unknown: both are said", () => {
    const jim = person("jim", "user:jim", "group:sudo");
    const both = applied(host({ classes: [...PEOPLE, jim] }), POLICY, BOTH);
    const said = known(["clientaliveinterval 0", "clientalivecountmax 3"]);
    const answer = (user: string, before: Effective): Effective =>
      user === "nobody" ? before : user === "joe" ? said : unreadable("sshd -T: killed");
    const audited = audit(answering(answer, both));
    expect(open(audited)).toEqual([
      "fail sshd-effective admin",
      "unknown sshd-effective admin could not be read",
    ]);
    expect(audited.outcome).toBe("unknown");
  });

  test("a class that sshd was not asked about is unknown, and so is the host", () => {
    const audited = audit(answering(() => unreadable("sshd -T: killed")));
    expect(open(audited)).toEqual(["unknown sshd-effective default", "unknown sshd-effective admin"]);
    expect(audited.outcome).toBe("unknown");
  });

  test("accounts without any limit are named; those exempt from everything are not", () => {
    const policy = limits(role("default", null, null), [role("admin", 600, 60, { groups: ["sudo"] })]);
    const facts = applied(host({ classes: PEOPLE }), policy, BOTH);
    expect(open(audit(facts, policy))).toContain("fail accounts-covered *");
    const spared = limits(
      role("default", null, null),
      [role("admin", 600, 60, { groups: ["sudo"] })],
      [exemption(["nobody"])],
    );
    const people = [person("nobody", "user:nobody"), person("joe", "group:sudo")];
    const audited = audit(applied(host({ classes: people }), spared, BOTH), spared);
    expect(open(audited).filter((line) => line.includes("accounts-covered"))).toEqual([]);
    expect(open(audited)).toContain("waived exemption-active * nightly backup");
    expect(audited.outcome).toBe("pass");
  });
});

describe("a name service that does not list everybody", () => {
  const remote = (facts: Facts): Facts => ({ ...facts, remoteAccounts: ["sss"] });

  test("nobody knows whether everybody has a limit where the defaults have none", () => {
    const unlimited = limits(role("default", null, null), [role("all", 600, 60, { users: ["nobody"] })]);
    const covered = (facts: Facts, policy: HostLimits) =>
      audit(facts, policy).findings.find(({ check }) => check === "accounts-covered")?.outcome;
    const facts = applied(host({ classes: [person("nobody", "user:nobody")] }), unlimited, BOTH);
    expect(covered(facts, unlimited)).toBe("pass");
    expect(covered(remote(facts), unlimited)).toBe("unknown");
    expect(covered(remote(COMPLIANT), POLICY)).toBe("pass");
  });

  test("a role whose group is there and lists nobody is no pass; one whose group is not there is", () => {
    const policy = limits(role("default", 900, 180), [role("ext", 300, 60, { groups: ["ext"] })]);
    const facts = applied(host({ classes: [person("nobody")] }), policy, BOTH);
    const missing = { ...facts, sshd: { ...facts.sshd, missingSelectors: ["group:ext"] } };
    const members = (given: Facts) =>
      audit(given, policy).findings.find(({ check, role: who }) => check === "role-members" && who === "ext");
    expect(members(facts)?.outcome).toBe("pass");
    expect(members(remote(facts))?.outcome).toBe("unknown");
    expect(members(remote(missing))?.outcome).toBe("pass");
  });
});

describe("the running sshd", () => {
  const read = (
    files: Facts["times"]["files"],
    sshdLoaded = COMPLIANT.times.sshdLoaded,
  ): Finding | undefined =>
    audit({
      ...COMPLIANT,
      times: { sshdLoaded, files: { ...COMPLIANT.times.files, ...files } },
    }).findings.find(({ check }) => check === "daemon-current");
  const later = "2026-11-22T00:00:00.900000001Z";

  test("a file taken out of an Include's directory since leaves only the directory's time", () => {
    const directory = "/etc/ssh/sshd_config.d/";
    const changed = { changed: later, modified: later };
    expect(read({ [directory]: changed })).toMatchObject({
      outcome: "unknown",
      actual: expect.stringContaining(`taken out of ${directory}`),
    });
    expect(read({ [directory]: { ...changed, modified: "2026-11-22T00:00:00.900Z" } })?.outcome).toBe("pass");
    // A confirmation takes curfew's own copies away, then renames its record into place.
    const confirmed = { changed: "2026-11-22T00:00:01Z", modified: "2026-11-22T00:00:00Z" };
    const own = { [directory]: changed, "/var/lib/curfew/written": confirmed };
    expect(read(own)?.outcome).toBe("pass");
    const since = { ...changed, modified: "2026-11-22T00:00:02Z" };
    expect(read({ ...own, [directory]: since })?.outcome).toBe("unknown");
  });

  test.each([
    ["a file written after it was read", { changed: later, modified: later }, "fail"],
    [
      "an older file put there after it was read",
      { changed: later, modified: "2026-11-01T00:00:00Z" },
      "unknown",
    ],
    [
      "a file of the same moment",
      { changed: "2026-11-22T00:00:00.9Z", modified: "2026-11-22T00:00:00.9Z" },
      "pass",
    ],
  ])("%s", (_, times, outcome) => {
    expect(read({ [DROP_IN]: times })?.outcome).toBe(outcome);
  });

  test("another sshd that listens has settings that nobody asked for: unknown", () => {
    const audited = audit({ ...COMPLIANT, otherWays: ["process 812 (/usr/sbin/dropbear)"] });
    expect(open(audited)).toEqual(["unknown daemon-current * other daemons"]);
    expect(audited.findings.find(({ subject }) => subject === "other daemons")?.actual).toContain("812");
  });

  test("nobody knows when it read them: unknown", () => {
    expect(read({}, unreadable("no PidFile"))?.outcome).toBe("unknown");
  });

  test("each connection reads them anew: pass", () => {
    expect(read({}, { state: "absent" })?.outcome).toBe("pass");
  });
});

describe("sessions", () => {
  test("only the kinds that were asked for are judged, by the highest rung", () => {
    const audited = audit(COMPLIANT, POLICY, [
      cell({}),
      cell({ kind: "idle-forward", configured: null, outcome: "fail", evidence: null }),
      cell({
        kind: "frozen-client",
        role: "default",
        demonstrated: { by: "ClientAlive", seconds: 61.2, source: "shadow" },
        evidence: "demonstrated",
      }),
      cell({
        role: "default",
        outcome: "fail",
        configured: null,
        evidence: null,
        reason: "no shell has a timeout",
      }),
    ]);
    const sessions = audited.findings.filter(({ check }) => check === "session-ends");
    expect(
      sessions.map(({ role: who, subject, outcome, actual }) => [who, subject, outcome, actual]),
    ).toEqual([
      ["admin", "idle-shell", "pass", "TMOUT after 10m"],
      ["default", "frozen-client", "pass", "ClientAlive after 61.2 s"],
      ["default", "idle-shell", "fail", "nothing ends it; no shell has a timeout"],
    ]);
    expect(audited.outcome).toBe("fail");
  });

  test("what a version cannot do counts where a judged session suffers from it", () => {
    const late = cell({ outcome: "fail", reason: "15m is over the limit" });
    expect(open(audit(COMPLIANT, POLICY, [late]))).toEqual([
      "fail session-ends admin idle-shell",
      "fail version-ability admin idle sessions",
    ]);
    expect(open(audit(COMPLIANT, POLICY, [cell({})]))).toEqual([]);
  });

  test("a shell without a timeout counts where TMOUT alone ends those sessions, shown or not", () => {
    const shells = [...COMPLIANT.shells, { path: "/usr/bin/fish", kind: "fish", inUse: true }];
    const TMOUT = { by: "TMOUT", seconds: 600, source: "shadow as joe" };
    const CHANNEL = { by: "ChannelTimeout", seconds: 600, source: "channeltimeout session:*=10m" };
    const judged = (over: Partial<LadderCell>): string[] => {
      const cells = [cell(over), cell({ role: "default", kind: "frozen-client" })];
      const lines = open(
        audit(
          answered({ ...COMPLIANT, shells }, () => 600),
          POLICY,
          cells,
        ),
      );
      return lines.filter((line) => line.endsWith("version-ability admin /usr/bin/fish"));
    };
    const counted = ["fail version-ability admin /usr/bin/fish"];
    expect(judged({ configured: TMOUT })).toEqual(counted);
    expect(judged({ configured: TMOUT, demonstrated: TMOUT, evidence: "demonstrated" })).toEqual(counted);
    expect(judged({ configured: CHANNEL, demonstrated: TMOUT, evidence: "demonstrated" })).toEqual([]);
    expect(judged({ configured: TMOUT, demonstrated: { ...TMOUT, by: "logind" } })).toEqual([]);
    expect(judged({ configured: null, evidence: null, outcome: "waived" })).toEqual([]);
  });
});

test("a host that is no OpenSSH is unknown, and nothing is promised about its files", () => {
  const facts: Facts = { ...COMPLIANT, server: { product: "other", text: "SSH-2.0-dropbear" } };
  const audited = audit(facts);
  expect(audited.outcome).toBe("unknown");
  expect(audited.error?.code).toBe("unsupported");
  expect(audited.findings.map(({ check }) => check)).not.toContain("files-as-rendered");
});

test("a host that could not be reached is unknown", () => {
  const lost = lostHost("web9", { code: "unreachable", message: "no answer" });
  expect([lost.outcome, open(lost)]).toEqual(["unknown", ["unknown host-judged *"]]);
});

describe("the fleet", () => {
  const policy = policySchema.parse({
    name: "p",
    exemptions: ["used", "unused", "old"].map((name) => ({
      name,
      users: ["x"],
      justification: "j",
      owner: "o",
      expires: name === "old" ? "2026-01-01" : "2027-01-01",
    })),
  });
  const hosts = ["a", "b"].map((name) => ({ name, groups: [], variables: {} }) as never);
  const active = { check: "exemption-active", subject: "used" } as Finding;
  const today = "2026-11-22";
  const said = (audited: Parameters<typeof fleetFindings>[2], whole = true) =>
    fleetFindings(policy, hosts, audited, { whole, today }).map(({ subject, outcome }) => [subject, outcome]);

  test("an exemption that exempts nobody anywhere fails; an expired one is told per host", () => {
    expect(
      said([
        { host: "a", findings: [active] },
        { host: "b", findings: [] },
      ]),
    ).toEqual([
      ["used", "pass"],
      ["unused", "fail"],
    ]);
  });

  test("while a host could not be judged, or was not asked, nobody knows", () => {
    const error = { code: "unreachable", message: "no answer" } as const;
    const one = [
      { host: "a", findings: [active] },
      { host: "b", findings: [], error },
    ];
    expect(said(one)).toEqual([
      ["used", "pass"],
      ["unused", "unknown"],
    ]);
    expect(said([{ host: "a", findings: [active] }], false)).toEqual([["used", "pass"]]);
  });
});
