/** What `curfew check` found, as the audit that reports are written from. Pure. */
import { createHash } from "node:crypto";
import type { Baseline } from "../../model/policy/baseline.ts";
import type { AuditedHost, AuditHeader, AuditRun } from "../../model/record/audit.ts";
import type { CheckedHost } from "../../model/record/check-run.ts";
import { formatDuration, type Seconds } from "../../model/terms/duration.ts";
import { judgedFinding, lostHost } from "../audit/host.ts";
import { worstByKey } from "../audit/changes.ts";
import { sessionFindings } from "../audit/sessions.ts";
import { baselineInfo } from "../policy/baseline-rules.ts";

/** What was asked: one of the two, or both. */
export interface CheckQuestion extends Pick<AuditHeader, "sessions" | "verified" | "scaled"> {
  readonly limit: Seconds | null;
  readonly baseline: Baseline | null;
}

/** What the run itself knows. */
export type CheckFrame = Pick<AuditRun, "runId" | "startedAt" | "finishedAt" | "curfew" | "inventory">;

/**
 * The run as an audit, by a policy that stands in no file: the limit for everybody, or the rules of the baseline. Lines
 * that do nothing are not in it, as they do not count in a check either.
 */
export function checkAsAudit(
  checked: readonly CheckedHost[],
  { limit, baseline, ...question }: CheckQuestion,
  frame: CheckFrame,
): AuditRun {
  const asked = [
    ...(limit === null ? [] : [`--limit ${formatDuration(limit)}`]),
    ...(baseline === null ? [] : [`--baseline ${baseline.id}`]),
  ].join(" ");
  const digest = createHash("sha256")
    .update(JSON.stringify([limit, baseline, question.sessions]))
    .digest("hex");
  return {
    schema: "curfew/audit/1",
    ...frame,
    policy: { name: `curfew check ${asked}`, file: "the command line", digest },
    profile: baseline === null ? null : baselineInfo(baseline),
    ...question,
    findings: [],
    hosts: checked.map((host) => audited(host, limit, question)),
  };
}

function audited(
  checked: CheckedHost,
  limit: Seconds | null,
  { sessions }: Pick<CheckQuestion, "sessions">,
): AuditedHost {
  const { host, outcome, description, ladder, probes, error } = checked;
  if (error !== undefined && ladder.length === 0) return lostHost(host, error);
  const rules = checked.findings.filter(({ check }) => check === "baseline-rule");
  const ends = limit === null ? [] : sessionFindings(ladder, sessions, probes);
  const findings = [...worstByKey([judgedFinding(error), ...ends, ...rules]).values()];
  const read = { host, outcome, description, findings, ladder, probes, drift: [], evidence: [] };
  return error === undefined ? read : { ...read, error };
}
