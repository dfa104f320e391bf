/** What differs between two audits. A change is named by host and finding key; see `FindingChange`. */
import type { AuditedHost, FindingChange } from "../../model/record/audit.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import { findingKey } from "../verdict/finding-key.ts";
import { compareOutcomes, isOpen } from "../verdict/outcome.ts";

/** As much of a host as changes are made of; null: the run does not have it. */
export type Judged = Pick<AuditedHost, "outcome" | "findings"> | null;

/**
 * What a change is for people: `lost` can no longer be judged, `gone` is no longer checked, `new` never was. What a
 * session had shown, good or bad, and what now only passes by what is set is `undemonstrated`: no recovery.
 */
export type ChangeKind = "failing" | "lost" | "recovered" | "undemonstrated" | "waived" | "gone" | "new";

/**
 * What changed on one host. One that is missing or could not be judged on a side is one change of `host-judged`, and
 * on its return whatever fails there is told as well: nobody knows since when.
 */
export function hostChanges(host: string, before: Judged, after: Judged): FindingChange[] {
  const seen = { before: sightOf(before), after: sightOf(after) };
  if (seen.before === "pass" && seen.after === "pass") {
    return findingChanges(host, before?.findings ?? [], after?.findings ?? []);
  }
  const finding = sightFinding(before, after);
  const itself = { host, key: findingKey(finding), ...seen, finding };
  const open = seen.after === "pass" ? (after?.findings ?? []).filter(isOpen) : [];
  return [
    ...(seen.before === seen.after ? [] : [itself]),
    ...findingChanges(host, [], open).filter(({ key }) => key !== itself.key),
  ];
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
    const was = earlier.get(key);
    const outcome = was?.outcome ?? null;
    const weaker = was?.evidence === "demonstrated" && finding.evidence !== "demonstrated";
    const undemonstrated = weaker && finding.outcome === "pass";
    if (outcome === finding.outcome && !undemonstrated) continue;
    const change = { host, key, before: outcome, after: finding.outcome, finding };
    changes.push(undemonstrated ? { ...change, undemonstrated } : change);
  }
  for (const [key, finding] of earlier) {
    if (!later.has(key)) changes.push({ host, key, before: finding.outcome, after: null, finding });
  }
  return changes;
}

/** What a change means. Silence is no recovery: what is no longer checked is `gone`, whatever it was. */
export function changeKind({ before, after, finding, undemonstrated }: FindingChange): ChangeKind {
  if (after === "fail") return "failing";
  if (after === "unknown") return "lost";
  // The host itself is missing in the later audit.
  if (after === null) return finding.check === "host-judged" && before !== "unknown" ? "lost" : "gone";
  if (after === "waived") return "waived";
  // Whoever is judged by other rules now has recovered from nothing, and what is asked for the first time neither.
  if (after === "not-applicable") return before === null ? "new" : "gone";
  if (before === "not-applicable") return "new";
  if (undemonstrated === true) return "undemonstrated";
  return before === null ? "new" : "recovered";
}

/** Findings by their key, in the order of the first of each; the worst of several stands for all. */
export function worstByKey(findings: readonly Finding[]): Map<string, Finding> {
  const worst = new Map<string, Finding>();
  for (const finding of findings) {
    const key = findingKey(finding);
    const known = worst.get(key);
    if (known === undefined || compareOutcomes(finding.outcome, known.outcome) < 0) worst.set(key, finding);
  }
  return worst;
}

/** Null: not in the audit. `unknown`: nothing is known of it but that it could not be judged. */
function sightOf(host: Judged): "pass" | "unknown" | null {
  if (host === null) return null;
  const blind = host.outcome === "unknown" && host.findings.every(({ check }) => check === "host-judged");
  return blind ? "unknown" : "pass";
}

/** As the later audit says it, where it does. */
function sightFinding(before: Judged, after: Judged): Finding {
  const told = (after ?? before)?.findings.find(({ check, subject }) => check === "host-judged" && !subject);
  const [was, is] = [sightOf(before), sightOf(after)].map((sight) => SIGHTS[sight ?? "missing"]);
  const outcome = sightOf(after) ?? "unknown";
  if (told?.outcome === outcome && after !== null) return told;
  return {
    check: "host-judged",
    control: "host",
    role: "*",
    expected: `${was}, as in the audit before`,
    actual: is ?? "",
    source: "the hosts of both audits",
    evidence: "configured",
    outcome,
  };
}

const SIGHTS = { pass: "judged", unknown: "could not be judged", missing: "not in the audit" } as const;
