import type { AuditRun, RuleInfo } from "../../model/audit.ts";
import type { Finding } from "../../model/finding.ts";

/** The baseline's own severity for a finding; empty where no rule of it is concerned. */
export function severityOf(profile: AuditRun["profile"]): (finding: Finding) => RuleInfo["severity"] | "" {
  const severities = new Map(profile?.rules.map(({ id, severity }) => [id, severity]));
  return ({ rule }) => (rule === undefined ? "" : (severities.get(rule) ?? ""));
}
