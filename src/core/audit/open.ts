/** What did not pass, over a whole fleet: equal findings told once, with how many hosts have them. */
import { compareOutcomes } from "../verdict/outcome.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { FindingFilter, OpenFindings } from "../../model/record/history-views.ts";

/** Findings of one check, control, role and rule with one outcome. */
export interface OpenReason {
  readonly outcome: Finding["outcome"];
  readonly check: Finding["check"];
  readonly control: Finding["control"];
  readonly role: string;
  readonly rule: string | null;
  /** 0: about the fleet as a whole. */
  readonly hosts: number;
  /** Those that differ in what exactly was expected or found, on most hosts first. */
  readonly variants: readonly OpenVariant[];
}

interface OpenVariant {
  readonly finding: Finding;
  readonly hosts: number;
}

/** The worst outcome first, then what most hosts have. Pure. */
export function openReasons(open: readonly OpenFindings[]): OpenReason[] {
  const reasons = new Map<string, { first: Finding; hosts: number; variants: Map<Finding, number> }>();
  for (const { hosts, findings } of open) {
    const groups = Map.groupBy(findings, reasonKey);
    for (const [key, its] of groups) {
      const [first] = its;
      if (first === undefined) continue;
      const reason = reasons.get(key) ?? { first, hosts: 0, variants: new Map() };
      reason.hosts += hosts ?? 0;
      for (const finding of new Set(its)) {
        reason.variants.set(finding, (reason.variants.get(finding) ?? 0) + (hosts ?? 0));
      }
      reasons.set(key, reason);
    }
  }
  return [...reasons.values()]
    .map(({ first, hosts, variants }) => reasonOf(first, hosts, variants))
    .toSorted((a, b) => compareOutcomes(a.outcome, b.outcome) || b.hosts - a.hosts);
}

/** Whether a finding is one of those that are meant. */
export function isMeant(finding: Finding, filter: FindingFilter): boolean {
  const { check, control, role, rule, subject, outcome } = filter;
  return (
    finding.check === check &&
    (control === undefined || finding.control === control) &&
    (role === undefined || finding.role === role) &&
    (rule === undefined || (finding.rule ?? null) === rule) &&
    (subject === undefined || finding.subject === subject) &&
    (outcome === undefined || finding.outcome === outcome)
  );
}

function reasonKey({ outcome, check, control, role, rule }: Finding): string {
  return [outcome, check, control, role, rule ?? ""].join("\0");
}

function reasonOf(first: Finding, hosts: number, variants: ReadonlyMap<Finding, number>): OpenReason {
  const { outcome, check, control, role, rule = null } = first;
  const sorted = [...variants]
    .map(([finding, amount]) => ({ finding, hosts: amount }))
    .toSorted((a, b) => b.hosts - a.hosts);
  return { outcome, check, control, role, rule, hosts, variants: sorted };
}
