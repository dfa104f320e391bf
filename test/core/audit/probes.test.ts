/** What an audit makes of sessions that no cell of the ladder tells of: those of exempt people. */
import { describe, expect, test } from "vitest";
import { CONTROLS } from "../../../src/controls/index.ts";
import { countVerified, verifyOutcome } from "../../../src/core/verdict/outcome.ts";
import { countHosts } from "../../../src/core/audit/summary.ts";
import { auditHost } from "../../../src/core/audit/host.ts";
import { ladder } from "../../../src/core/ending/ladder.ts";
import { planHost } from "../../../src/core/plan/host.ts";
import type { AuditedHost } from "../../../src/model/record/audit.ts";
import { known } from "../../../src/model/terms/reading.ts";
import type { ProbeResult } from "../../../src/model/change/run.ts";
import { DEFAULT_PROBES } from "../../../src/model/terms/session-kind.ts";
import { applied } from "../../controls/applied-facts.ts";
import { exemption, host, limits, person, role } from "../../controls/facts-fixture.ts";

const POLICY = limits(role("default", 600, 60), [], [exemption(["backup"], [], ["sshd"])]);
const PEOPLE = [person("nobody"), person("backup", "user:backup")];
const BOTH = ["sshd", "shell-timeout"] as const;

function audit(probes: readonly ProbeResult[]): AuditedHost {
  const facts = applied(host({ classes: PEOPLE }), POLICY, BOTH);
  const classes = facts.sshd.classes.state === "known" ? facts.sshd.classes.value : [];
  const effective = (lines: readonly string[]) => known(["pubkeyauthentication yes", ...lines]);
  const saying = classes.map((each) =>
    Object.assign({}, each, {
      effective: effective(each.effective.state === "known" ? each.effective.value : []),
    }),
  );
  const complete = { ...facts, sshd: { ...facts.sshd, classes: known(saying) } };
  const plan = { ...planHost(complete, POLICY, BOTH, CONTROLS), host: "web1" };
  return auditHost({
    facts: complete,
    limits: POLICY,
    plan,
    selected: BOTH,
    ladder: ladder({ facts: complete, limits: POLICY, selected: BOTH, plan, controls: CONTROLS, probes }),
    sessions: DEFAULT_PROBES,
    more: [],
    probes,
    evidence: [],
  });
}

const probe = (over: Partial<ProbeResult>): ProbeResult => ({
  session: "idle-shell",
  role: "default",
  user: "nobody",
  via: "shadow",
  expect: "dropped",
  withinSeconds: 600,
  droppedAfterSeconds: 600,
  by: "TMOUT",
  outcome: "pass",
  clientSaw: "",
  reason: "dropped after 600 s by TMOUT, limit 600 s",
  ...over,
});
const kept = { user: "backup", session: "frozen-client", expect: "kept" } as const;
const lost = { by: "none", droppedAfterSeconds: null } as const;
const GOOD = [probe({}), probe({ session: "frozen-client", by: "ClientAlive" })];

describe("an audit and a verification say the same", () => {
  const OUTCOMES = ["pass", "fail", "unknown"] as const;
  test.each(OUTCOMES.flatMap((first) => OUTCOMES.map((second) => [first, second] as const)))(
    "of two sessions of one role and kind, %s and %s",
    (first, second) => {
      const probes = [probe({ outcome: first }), probe({ outcome: second, user: "other" }), ...GOOD.slice(1)];
      const audited = audit(probes);
      const verified = { host: "web1", probes, findings: [] };
      expect(audited.outcome).toBe(verifyOutcome(verified));
      // What an audit says of files besides is not a verification's.
      const findings = audited.findings.filter(({ check }) => check === "session-ends");
      expect({ pass: 0, fail: 0, unknown: 0, ...countVerified([verified]) }).toEqual(
        countHosts([{ ...audited, findings }]),
      );
    },
  );
});

describe("sessions of exempt people", () => {
  test.each<["fail" | "unknown", Partial<ProbeResult>]>([
    ["fail", { by: "ClientAlive", reason: "ended after 60 s by ClientAlive, though it had to be kept" }],
    ["unknown", { ...lost, reason: "the network" }],
  ])("one that had to be kept and %ss counts", (outcome, over) => {
    const audited = audit([...GOOD, probe({ ...kept, ...over, outcome })]);
    expect(audited.outcome).toBe(outcome);
    const sessions = audited.findings.filter(({ check }) => check === "session-ends");
    expect(sessions.filter((each) => each.outcome === outcome)).toMatchObject([
      {
        check: "session-ends",
        role: "default",
        subject: "frozen-client, exempt",
        expected: "is kept",
        evidence: outcome === "fail" ? "demonstrated" : "configured",
        actual: over.reason,
      },
    ]);
  });

  test("one that was kept is told as well, and passes", () => {
    const audited = audit([...GOOD, probe({ ...kept, ...lost, reason: "kept and answering after 70 s" })]);
    expect(audited.outcome).toBe("pass");
    expect(audited.findings.map(({ subject }) => subject)).toContain("frozen-client, exempt");
  });

  test("every other session is told by its cell alone", () => {
    const subjects = audit(GOOD).findings.flatMap(({ check, subject }) =>
      check === "session-ends" ? [subject] : [],
    );
    expect(subjects).toEqual(["idle-shell", "frozen-client"]);
  });

  test.each(["fail", "unknown"] as const)("somebody typing who %ss counts", (outcome) => {
    const typing = { session: "typing", expect: "kept", ...lost, reason: "no answer" } as const;
    expect(audit([...GOOD, probe({ ...typing, outcome })]).outcome).toBe(outcome);
  });

  test.each(["fail", "unknown"] as const)("a session of a role without a cell that %ss counts", (outcome) => {
    expect(audit([...GOOD, probe({ role: "gone", outcome })]).outcome).toBe(outcome);
  });
});
