import { findingKey } from "../../core/verdict/finding-key.ts";
import type { AuditedHost, FindingKey } from "../../model/record/audit.ts";
import type { Finding } from "../../model/verdict/finding.ts";

/** A finding and a name for it that no other finding of the same host has. */
export interface KeyedFinding {
  readonly key: FindingKey;
  readonly finding: Finding;
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

/** Findings with their keys over time; of several with the same key the later ones are numbered. */
export function keyedFindings(findings: readonly Finding[]): KeyedFinding[] {
  const seen = new Map<string, number>();
  return findings.map((finding) => {
    const key = findingKey(finding);
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return { key: count === 1 ? key : `${key}#${count}`, finding };
  });
}
