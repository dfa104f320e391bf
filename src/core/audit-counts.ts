/** What an audit comes to, counted once for every report. */
import type { AuditedHost, AuditRun, OutcomeCounts } from "../model/audit.ts";
import type { Finding } from "../model/finding.ts";

/** Hosts and findings by outcome; findings are those of the hosts and those about the fleet. */
export interface AuditCounts {
  readonly hosts: Omit<OutcomeCounts, "waived">;
  readonly findings: OutcomeCounts;
}

/** Counts hosts and findings by outcome, those about the fleet included. */
export function auditCounts(run: Pick<AuditRun, "hosts" | "findings">): AuditCounts {
  const hosts = { pass: 0, fail: 0, unknown: 0 };
  const findings = { pass: 0, fail: 0, unknown: 0, waived: 0 };
  for (const { outcome } of run.findings) findings[outcome]++;
  for (const host of run.hosts) {
    hosts[host.outcome]++;
    for (const { outcome } of reportedFindings(host)) findings[outcome]++;
  }
  return { hosts, findings };
}

/**
 * The findings of a host as reports show them. A host that is not compliant says so in every format,
 * so where no finding carries its outcome, one more does: a report that lists findings only must
 * not let a lost host look like a clean one.
 */
export function reportedFindings(host: AuditedHost): readonly Finding[] {
  const { outcome, findings, error } = host;
  if (outcome === "pass" || findings.some((finding) => finding.outcome === outcome)) return findings;
  const judged: Finding = {
    check: "host-judged",
    control: "host",
    role: "*",
    expected: "the host can be judged",
    actual: error?.message ?? `the host's outcome is ${outcome}`,
    source: "curfew audit",
    evidence: "configured",
    outcome,
  };
  return [...findings, judged];
}
