/** What an audit came to, decided once for text, JSON, every file format, the history and the exit code. */
import type { AuditedHost, AuditRun, OutcomeCounts } from "../../model/audit.ts";
import type { Finding } from "../../model/finding.ts";
import { hostOutcomes, outcomeOfAll, type Verdict } from "../verdict/outcome.ts";

/** How many findings of each outcome, those about the fleet included. */
export function countFindings(
  hosts: readonly Pick<AuditedHost, "findings">[],
  fleet: readonly Finding[],
): OutcomeCounts {
  const counts = { pass: 0, fail: 0, unknown: 0, waived: 0 };
  for (const { outcome } of fleet) counts[outcome] += 1;
  for (const { findings } of hosts) {
    for (const { outcome } of findings) counts[outcome] += 1;
  }
  return counts;
}

/** How many hosts of each outcome. One that is unknown and has a failed finding counts as both. */
export function countHosts(
  hosts: readonly Pick<AuditedHost, "outcome" | "findings">[],
): Omit<OutcomeCounts, "waived"> {
  const counts = { pass: 0, fail: 0, unknown: 0 };
  for (const { outcome, findings } of hosts) {
    for (const each of hostOutcomes(outcome, findings)) counts[each] += 1;
  }
  return counts;
}

/**
 * `unknown` outranks `fail`: a host or a finding about the fleet that could not be judged, or an audit
 * that judged no host at all, has shown nothing. Waived findings do not count against it.
 */
export function auditVerdict({ hosts, findings }: Pick<AuditRun, "hosts" | "findings">): Verdict {
  return hosts.length === 0 ? "unknown" : outcomeOfAll([...hosts, ...findings]);
}
