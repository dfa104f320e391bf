/** The baseline's rules with their state, and exemptions in force, expired and unused. */
import { visible } from "../../core/text/visible.ts";
import { countOutcomes, worstOf } from "../../core/verdict/outcome.ts";
import type { AuditRun, RuleInfo } from "../../model/record/audit.ts";
import type { CheckId } from "../../model/verdict/check.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import { hostLinks } from "./hosts.ts";
import type { Reason } from "./reasons.ts";
import { mark, number, OUTCOMES } from "./words.ts";

const SEVERITIES = { high: "High", medium: "Medium", low: "Low" } as const;

/** The values of `rules.hbs`; null where no baseline was applied. Pure. */
export function ruleValues(run: AuditRun) {
  if (run.profile === null) return null;
  const byRule = new Map<string, Finding["outcome"][]>();
  for (const { rule, outcome } of everyFinding(run)) {
    if (rule === undefined) continue;
    const known = byRule.get(rule);
    if (known === undefined) byRule.set(rule, [outcome]);
    else known.push(outcome);
  }
  const listed = new Set(run.profile.rules.map(({ id }) => id));
  const unlisted = [...byRule.keys()].filter((id) => !listed.has(id));
  const rules = [...run.profile.rules, ...unlisted.map(unlistedRule)];
  // Nothing was found about it: it is for other systems, where every host was read.
  const lost = run.hosts.length === 0 || run.hosts.some(({ error }) => error !== undefined);
  const unasked: readonly Finding["outcome"][] = lost ? [] : ["not-applicable"];
  return {
    title: visible(run.profile.title),
    version: visible(run.profile.version),
    id: visible(run.profile.id),
    rows: rules.map((rule) => ruleRow(rule, byRule.get(rule.id) ?? unasked)),
  };
}

/** The values of `exemptions.hbs`: one row per exemption and what is said about it. Pure. */
export function exemptionValues(reasons: readonly Reason[], run: AuditRun) {
  const rows = reasons.flatMap(({ check, variants }) => {
    const state = STATES[check];
    if (state === undefined) return [];
    return variants.map(({ finding, hosts }) => ({
      ...state,
      name: visible(finding.subject ?? finding.source),
      control: finding.control,
      says: visible(finding.actual),
      why: visible(finding.waiver ?? ""),
      fleet: hosts.length === 0,
      amount: number(hosts.length),
      hosts: hostLinks(hosts, run),
    }));
  });
  return { rows, nothing: rows.length === 0 };
}

const STATES: Partial<Record<CheckId, { readonly state: string; readonly mark: ReturnType<typeof mark> }>> = {
  "exemption-active": { state: "In force", mark: mark("waived") },
  "exemption-current": { state: "Expired", mark: mark("fail") },
  "exemption-used": { state: "Unused", mark: mark("fail") },
};

function* everyFinding(run: AuditRun): Iterable<Finding> {
  yield* run.findings;
  for (const host of run.hosts) yield* host.findings;
}

function unlistedRule(id: string): RuleInfo {
  return { id, title: "named by a finding, but not by the baseline", severity: "medium", references: [] };
}

function ruleRow(rule: RuleInfo, outcomes: readonly Finding["outcome"][]) {
  const state = worstOf(outcomes) ?? null;
  const tallied = countOutcomes(outcomes);
  return {
    id: visible(rule.id),
    title: visible(rule.title),
    severity: SEVERITIES[rule.severity],
    level: rule.severity,
    references: rule.references.map((reference) => visible(reference)),
    mark: mark(state ?? "unknown"),
    judged: state !== null,
    counts: OUTCOMES.filter((outcome) => tallied[outcome] > 0).map((outcome) => ({
      mark: mark(outcome),
      amount: number(tallied[outcome]),
    })),
  };
}
