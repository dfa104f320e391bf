/** What differs between two audits. A change is named by host and finding key; see `FindingChange`. */
import type { AuditedHost, AuditRun, FindingChange } from "../model/audit.ts";
import type { Finding } from "../model/finding.ts";
import { findingKey } from "./finding-key.ts";

/** As much of a host as changes are made of; null: the run does not have it. */
export type Judged = Pick<AuditedHost, "outcome" | "findings"> | null;

/** What a change is for people: `lost` can no longer be judged, `gone` is no longer checked, `new` never was. */
export type ChangeKind = "failing" | "lost" | "recovered" | "waived" | "gone" | "new";

/** Everything that changed between two whole runs: about the fleet, then by host, the later run's order first. */
export function auditChanges(before: AuditRun, after: AuditRun): FindingChange[] {
  const earlier = new Map(before.hosts.map((host) => [host.host, host]));
  const later = new Map(after.hosts.map((host) => [host.host, host]));
  return [
    ...findingChanges("", before.findings, after.findings),
    ...[...new Set([...later.keys(), ...earlier.keys()])].flatMap((host) =>
      hostChanges(host, earlier.get(host) ?? null, later.get(host) ?? null),
    ),
  ];
}

/** What changed on one host. One that is missing on a side is one change, and what failed on a new one. */
export function hostChanges(host: string, before: Judged, after: Judged): FindingChange[] {
  if (before !== null && after !== null) return findingChanges(host, before.findings, after.findings);
  const finding = presence(before, after);
  const outcomes = { before: couldBeJudged(before), after: couldBeJudged(after) };
  const itself = { host, key: findingKey(finding), ...outcomes, finding };
  const open = after?.findings.filter(({ outcome }) => outcome === "fail" || outcome === "unknown") ?? [];
  return [itself, ...findingChanges(host, [], open).filter(({ key }) => key !== itself.key)];
}

/** What changed between two lists of findings of one host, or of the fleet with an empty name. */
export function findingChanges(
  host: string,
  before: readonly Finding[],
  after: readonly Finding[],
): FindingChange[] {
  const [earlier, later] = [worstByKey(before), worstByKey(after)];
  const changes: FindingChange[] = [];
  for (const [key, finding] of later) {
    const was = earlier.get(key)?.outcome ?? null;
    if (was !== finding.outcome) changes.push({ host, key, before: was, after: finding.outcome, finding });
  }
  for (const [key, finding] of earlier) {
    if (!later.has(key)) changes.push({ host, key, before: finding.outcome, after: null, finding });
  }
  return changes;
}

/** What a change means. Silence is no recovery: what is no longer checked is `gone`, whatever it was. */
export function changeKind({ before, after, finding }: FindingChange): ChangeKind {
  if (after === "fail") return "failing";
  if (after === "unknown") return "lost";
  // The host itself is missing in the later run.
  if (after === null) return finding.check === "host-judged" && before !== "unknown" ? "lost" : "gone";
  if (after === "waived") return "waived";
  return before === null ? "new" : "recovered";
}

const RANK = { pass: 0, waived: 1, fail: 2, unknown: 3 } as const;

/** Several findings may share a key; the worst of them stands for all. */
function worstByKey(findings: readonly Finding[]): Map<string, Finding> {
  const worst = new Map<string, Finding>();
  for (const finding of findings) {
    const key = findingKey(finding);
    const known = worst.get(key);
    if (known === undefined || RANK[finding.outcome] > RANK[known.outcome]) worst.set(key, finding);
  }
  return worst;
}

function couldBeJudged(host: Judged): "pass" | "unknown" | null {
  if (host === null) return null;
  return host.outcome === "unknown" ? "unknown" : "pass";
}

function presence(before: Judged, after: Judged): Finding {
  return {
    check: "host-judged",
    control: "host",
    role: "*",
    expected: before === null ? "not in the audit before" : "in the audit",
    actual: before === null ? "in the audit" : "not in the audit",
    source: "the hosts of both audits",
    evidence: "configured",
    outcome: couldBeJudged(after) ?? "unknown",
  };
}
