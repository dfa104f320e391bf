/** Why hosts are out of compliance: findings of the whole fleet, equal ones told once. */
import type { AuditRun } from "../../model/record/audit.ts";
import { CHECKS, type CheckId } from "../../model/verdict/check.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import { OUTCOMES } from "./words.ts";

/** Findings of one check, role, control and rule with one outcome. */
export interface Reason {
  /** `1` for the first: what the list of hosts refers to. */
  readonly id: number;
  /** `reasonKey` of each of its findings. */
  readonly key: string;
  readonly outcome: Finding["outcome"];
  readonly check: CheckId;
  readonly title: string;
  readonly help: string;
  readonly control: Finding["control"];
  readonly role: string;
  readonly rule: string | null;
  /** Positions in `run.hosts`; empty where only the fleet as a whole is meant. */
  readonly hosts: ReadonlySet<number>;
  /** Equal but for the host, those of most hosts first. */
  readonly variants: readonly Variant[];
}

export interface Variant {
  readonly finding: Finding;
  readonly hosts: readonly number[];
}

interface Gathered {
  readonly first: Finding;
  readonly hosts: Set<number>;
  readonly variants: Map<string, { readonly finding: Finding; readonly hosts: number[] }>;
}

/** Everything that did not pass, the worst first: unknown, failed, waived, not applicable. Pure. */
export function reasons(run: Pick<AuditRun, "hosts" | "findings">): Reason[] {
  const groups = new Map<string, Gathered>();
  for (const finding of run.findings) gather(groups, finding, null);
  for (const [index, host] of run.hosts.entries()) {
    for (const finding of host.findings) gather(groups, finding, index);
  }
  return [...groups.values()].toSorted(byWeight).map((group, index) => reason(group, index + 1));
}

/** What makes two findings the same reason, apart from what exactly was found. */
export function reasonKey({ outcome, check, control, role, rule }: Finding): string {
  return [outcome, check, control, role, rule ?? ""].join("\0");
}

function gather(groups: Map<string, Gathered>, finding: Finding, host: number | null): void {
  if (finding.outcome === "pass") return;
  const key = reasonKey(finding);
  const group = groups.get(key) ?? { first: finding, hosts: new Set(), variants: new Map() };
  groups.set(key, group);
  const { subject = "", expected, actual, source, evidence, waiver = "" } = finding;
  const same = [subject, expected, actual, source, evidence, waiver].join("\0");
  const variant = group.variants.get(same) ?? { finding, hosts: [] };
  group.variants.set(same, variant);
  if (host === null || variant.hosts.at(-1) === host) return;
  variant.hosts.push(host);
  group.hosts.add(host);
}

function byWeight(a: Gathered, b: Gathered): number {
  const order = OUTCOMES.indexOf(a.first.outcome) - OUTCOMES.indexOf(b.first.outcome);
  return order === 0 ? b.hosts.size - a.hosts.size : order;
}

function reason({ first, hosts, variants }: Gathered, id: number): Reason {
  const { outcome, check, control, role, rule = null } = first;
  const { title, help } = CHECKS[check];
  const sorted = [...variants.values()].toSorted((a, b) => b.hosts.length - a.hosts.length);
  return {
    id,
    key: reasonKey(first),
    outcome,
    check,
    title,
    help,
    control,
    role,
    rule,
    hosts,
    variants: sorted,
  };
}
