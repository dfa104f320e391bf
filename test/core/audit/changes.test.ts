import { describe, expect, test } from "vitest";
import { changeKind, type ChangeKind } from "../../../src/core/audit/changes.ts";
import type { AuditedHost, FindingChange } from "../../../src/model/record/audit.ts";
import type { Finding } from "../../../src/model/verdict/finding.ts";
import { auditedHost, auditFinding, auditRun } from "../../fixtures/audits.ts";
import { auditChanges } from "../../fixtures/audits.ts";

type Outcome = Finding["outcome"];
const JUDGED = "host-judged:host:*";
const SSHD = "sshd-effective:sshd:default";

const unreachable = (host: string): AuditedHost => ({
  ...auditedHost(host, []),
  outcome: "unknown",
  error: { code: "unreachable", message: "cannot connect" },
});
const told = (host: string): AuditedHost => ({
  ...unreachable(host),
  findings: [
    auditFinding({
      check: "host-judged",
      control: "host",
      role: "*",
      outcome: "unknown",
      actual: "cannot connect",
    }),
  ],
});
const found = (host: string, ...outcomes: Outcome[]): AuditedHost =>
  auditedHost(
    host,
    outcomes.map((outcome) => auditFinding({ outcome })),
  );

const SESSION = "session-ends:host:admin:subject=idle-shell";
const shown = (host: string, outcome: Outcome, evidence: Finding["evidence"]): AuditedHost =>
  auditedHost(host, [
    auditFinding({
      check: "session-ends",
      control: "host",
      role: "admin",
      subject: "idle-shell",
      outcome,
      evidence,
    }),
  ]);

type Line = [host: string, key: string, before: Outcome | null, after: Outcome | null, kind: ChangeKind];

describe("changes", () => {
  test.each<[string, AuditedHost[], AuditedHost[], Line[]]>([
    ["none", [found("a", "pass")], [found("a", "pass")], []],
    ["newly failing", [found("a", "pass")], [found("a", "fail")], [["a", SSHD, "pass", "fail", "failing"]]],
    [
      "unknown to failing",
      [found("a", "unknown")],
      [found("a", "fail")],
      [["a", SSHD, "unknown", "fail", "failing"]],
    ],
    ["recovered", [found("a", "fail")], [found("a", "pass")], [["a", SSHD, "fail", "pass", "recovered"]]],
    [
      "no longer asked of it",
      [found("a", "fail")],
      [found("a", "not-applicable")],
      [["a", SSHD, "fail", "not-applicable", "gone"]],
    ],
    [
      "asked of it now",
      [found("a", "not-applicable")],
      [found("a", "pass")],
      [["a", SSHD, "not-applicable", "pass", "new"]],
    ],
    ["waived", [found("a", "fail")], [found("a", "waived")], [["a", SSHD, "fail", "waived", "waived"]]],
    [
      "no longer known",
      [found("a", "pass")],
      [found("a", "unknown")],
      [["a", SSHD, "pass", "unknown", "lost"]],
    ],
    [
      "no longer checked is no recovery",
      [found("a", "fail", "fail")],
      [auditedHost("a", [])],
      [["a", SSHD, "fail", null, "gone"]],
    ],
    ["first checked", [auditedHost("a", [])], [found("a", "pass")], [["a", SSHD, null, "pass", "new"]]],
    ["the worst of a key stands for all", [found("a", "pass", "fail", "pass")], [found("a", "fail")], []],
    [
      "a host lost is one change",
      [found("a", "pass", "fail")],
      [unreachable("a")],
      [["a", JUDGED, "pass", "unknown", "lost"]],
    ],
    [
      "a host lost that says so is one change",
      [found("a", "pass")],
      [told("a")],
      [["a", JUDGED, "pass", "unknown", "lost"]],
    ],
    ["still lost is no change", [unreachable("a")], [told("a")], []],
    ["a host back", [told("a")], [found("a", "pass")], [["a", JUDGED, "unknown", "pass", "recovered"]]],
    [
      "a host back that fails",
      [unreachable("a")],
      [found("a", "fail")],
      [
        ["a", JUDGED, "unknown", "pass", "recovered"],
        ["a", SSHD, null, "fail", "failing"],
      ],
    ],
    ["a host gone", [found("a", "pass")], [], [["a", JUDGED, "pass", null, "lost"]]],
    ["a lost host gone", [unreachable("a")], [], [["a", JUDGED, "unknown", null, "gone"]]],
    ["a new host", [], [found("a", "pass")], [["a", JUDGED, null, "pass", "new"]]],
    ["a new host that cannot be judged", [], [unreachable("a")], [["a", JUDGED, null, "unknown", "lost"]]],
    [
      "a new host that fails",
      [],
      [found("a", "fail")],
      [
        ["a", JUDGED, null, "pass", "new"],
        ["a", SSHD, null, "fail", "failing"],
      ],
    ],
    [
      "what a session showed to fail has not recovered where nobody opened one",
      [shown("a", "fail", "demonstrated")],
      [shown("a", "pass", "effective")],
      [["a", SESSION, "fail", "pass", "undemonstrated"]],
    ],
    [
      "what a session showed to pass is only set now",
      [shown("a", "pass", "demonstrated")],
      [shown("a", "pass", "configured")],
      [["a", SESSION, "pass", "pass", "undemonstrated"]],
    ],
    [
      "recovered, as a session showed",
      [shown("a", "fail", "demonstrated")],
      [shown("a", "pass", "demonstrated")],
      [["a", SESSION, "fail", "pass", "recovered"]],
    ],
    [
      "shown for the first time is no change",
      [shown("a", "pass", "configured")],
      [shown("a", "pass", "demonstrated")],
      [],
    ],
    [
      "one that fails still fails, however that is known",
      [shown("a", "fail", "demonstrated")],
      [shown("a", "fail", "configured")],
      [],
    ],
  ])("%s", (_, before, after, lines) => {
    expect(auditChanges(auditRun(1, before), auditRun(2, after)).map(line)).toEqual(lines);
  });

  test("about the fleet come first, then hosts in the later order, then those that went", () => {
    const fleet = (outcome: Outcome) => ({ findings: [auditFinding({ check: "exemption-used", outcome })] });
    const before = auditRun(1, [found("x", "pass"), found("a", "pass"), found("b", "pass")], fleet("pass"));
    const after = auditRun(2, [found("b", "fail"), found("a", "fail")], fleet("fail"));
    expect(auditChanges(before, after).map(({ host }) => host)).toEqual(["", "b", "a", "x"]);
  });
});

function line(change: FindingChange): Line {
  const { host, key, before, after } = change;
  return [host, key, before, after, changeKind(change)];
}
