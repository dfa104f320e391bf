import { expect, test } from "vitest";
import { checkAsAudit } from "../../src/core/check/as-audit.ts";
import type { CheckedHost } from "../../src/model/record/check-run.ts";
import type { LadderCell } from "../../src/model/verdict/finding.ts";
import { REPORT_FORMATS } from "../../src/report/audit-formats.ts";
import { loadBaseline } from "../../src/config/policy/baseline.ts";

const cell = (outcome: LadderCell["outcome"]): LadderCell => ({
  role: "default",
  kind: "idle-shell",
  expect: "dropped",
  limit: 900,
  configured: null,
  effective: null,
  demonstrated: null,
  evidence: "configured",
  outcome,
  reason: "nothing ends it",
});

const host = (
  name: string,
  outcome: CheckedHost["outcome"],
  more: Partial<CheckedHost> = {},
): CheckedHost => ({
  host: name,
  outcome,
  description: "Debian 12",
  settings: [],
  ladder: [cell(outcome)],
  probes: [],
  findings: [],
  managed: false,
  ...more,
});

const FRAME = {
  runId: "20261130T120000Z-check-00000000",
  startedAt: "2026-11-30T12:00:00.000Z",
  finishedAt: "2026-11-30T12:00:01.000Z",
  curfew: "0.1.0",
  inventory: { sources: ["web1,"], digest: "", limit: "" },
};
const QUESTION = { limit: 900, baseline: null, sessions: ["idle-shell"], verified: false } as const;
const LOST = { code: "unreachable", message: "no route" } as const;

test("what was judged is what the report judges; a host that was not read is unknown", () => {
  const hosts = [
    host("good", "pass"),
    host("bad", "fail"),
    host("gone", "unknown", { ladder: [], description: "", error: LOST }),
    host("stopped", "unknown", { ladder: [cell("pass")], error: LOST }),
  ];
  const run = checkAsAudit(hosts, QUESTION, FRAME);
  expect(run.hosts.map(({ host: name, outcome }) => `${name} ${outcome}`)).toEqual([
    "good pass",
    "bad fail",
    "gone unknown",
    "stopped unknown",
  ]);
  const worst = run.hosts.map(({ findings }) => findings.map(({ check, outcome }) => `${check} ${outcome}`));
  expect(worst).toEqual([
    ["host-judged pass", "session-ends pass"],
    ["host-judged pass", "session-ends fail"],
    ["host-judged unknown"],
    ["host-judged unknown", "session-ends pass"],
  ]);
  expect(run.policy.name).toBe("curfew check --limit 15m");
});

test("without a limit only the rules of the baseline are judged, and every format but one takes it", () => {
  const rule = {
    check: "baseline-rule",
    control: "sshd",
    role: "*",
    rule: "5.1.7",
    subject: "ClientAliveInterval",
    expected: "more than 0",
    actual: "0",
    source: "sshd -T",
    evidence: "effective",
    outcome: "fail",
  } as const;
  const inert = { ...rule, check: "inert-line", rule: undefined } as unknown as typeof rule;
  const baseline = loadBaseline("cis");
  const run = checkAsAudit(
    [host("web1", "fail", { findings: [inert, rule] })],
    { ...QUESTION, limit: null, baseline },
    FRAME,
  );
  expect(run.hosts[0]?.findings.map(({ check }) => check)).toEqual(["host-judged", "baseline-rule"]);
  expect(run.profile?.id).toBe("cis");
  for (const [name, format] of Object.entries(REPORT_FORMATS)) {
    if (format.refuses?.(run) !== undefined) continue;
    const files = [...format.files(run, { trend: [], changes: [] })];
    expect(files.length, name).toBeGreaterThan(0);
  }
});
