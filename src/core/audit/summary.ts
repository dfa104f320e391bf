/** What an audit came to, decided once for text, JSON, every file format, the history and the exit code. */
import type { AuditedHost, AuditRun, HostCounts, OutcomeCounts } from "../../model/record/audit.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import { countOutcomes, hostOutcomes, outcomeOfAll, type Verdict } from "../verdict/outcome.ts";

/** How many findings of each outcome, those about the fleet included. */
export function countFindings(
  hosts: readonly Pick<AuditedHost, "findings">[],
  fleet: readonly Finding[],
): OutcomeCounts {
  const found = outcomesIn([fleet, ...hosts.map(({ findings }) => findings)]);
  const { "not-applicable": apart, ...counts } = countOutcomes(found);
  return apart === 0 ? counts : { ...counts, "not-applicable": apart };
}

function* outcomesIn(lists: readonly (readonly Finding[])[]): Generator<Finding["outcome"], void, undefined> {
  for (const findings of lists) for (const { outcome } of findings) yield outcome;
}

/** How many hosts of each outcome. One that is unknown and has a failed finding counts as both. */
export function countHosts(hosts: readonly Pick<AuditedHost, "outcome" | "findings">[]): HostCounts {
  const counts = { pass: 0, fail: 0, unknown: 0 };
  for (const { outcome, findings } of hosts) {
    for (const each of hostOutcomes(outcome, findings)) counts[each] += 1;
  }
  return counts;
}

/** How many hosts no baseline of the policy is for. */
export function hostsApart(hosts: readonly Pick<AuditedHost, "findings">[]): number {
  return hosts.filter(({ findings }) =>
    findings.some(({ check, outcome }) => check === "baseline-system" && outcome === "not-applicable"),
  ).length;
}

/**
 * `unknown` outranks `fail`: a host or a finding about the fleet that could not be judged, or an audit
 * that judged no host at all, has shown nothing. What is waived or does not apply does not count against it.
 */
export function auditVerdict({ hosts, findings }: Pick<AuditRun, "hosts" | "findings">): Verdict {
  return hosts.length === 0 ? "unknown" : outcomeOfAll([...hosts, ...findings]);
}
