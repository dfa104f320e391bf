/** What lists of findings come to, of which each is that of many hosts. Pure. */
import { compareOutcomes } from "../verdict/outcome.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type {
  CheckCount,
  FindingFilter,
  FindingSpread,
  OpenFindings,
} from "../../model/record/history-views.ts";
import { isMeant } from "./open.ts";

/** One list, and how many hosts have it. */
export interface SharedList {
  readonly hosts: number;
  readonly findings: readonly Finding[];
}

/** What did not pass: of the fleet first, then each list once. The lists have only what did not pass. */
export function openFindings(fleet: readonly Finding[], lists: readonly SharedList[]): OpenFindings[] {
  return [{ hosts: null, findings: fleet }, ...lists].filter(({ findings }) => findings.length > 0);
}

/** All findings by check and outcome; those of the fleet count once. */
export function countChecks(fleet: readonly Finding[], lists: readonly SharedList[]): CheckCount[] {
  const counts = new Map<string, CheckCount>();
  for (const { hosts, findings } of [{ hosts: 1, findings: fleet }, ...lists]) {
    for (const { check, outcome } of findings) {
      const key = `${check} ${outcome}`;
      counts.set(key, { check, outcome, amount: (counts.get(key)?.amount ?? 0) + hosts });
    }
  }
  return [...counts.values()];
}

/** On how many hosts a finding is open, each host once by the worst. The lists have only what did not pass. */
export function spreadOver(
  lists: readonly SharedList[],
  finding: FindingFilter,
): Omit<FindingSpread, "runId"> {
  const counts = { waived: 0, fail: 0, unknown: 0 };
  for (const { hosts, findings } of lists) {
    const [worst] = findings
      .filter((its) => isMeant(its, finding))
      .map(({ outcome }) => outcome)
      .toSorted(compareOutcomes);
    if (worst === "unknown" || worst === "fail" || worst === "waived") counts[worst] += hosts;
  }
  return counts;
}
