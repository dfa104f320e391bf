/** What a baseline comes to on one host: which rules apply there, and what they ask of each setting. */
import type { AuditHeader, ProfileInfo } from "../../model/record/audit.ts";
import type { Policy } from "../../model/policy/policy.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Baseline, BaselineRule, Relation, RuleSetting } from "../../model/policy/baseline.ts";
import type { Judgement } from "../../model/verdict/rule.ts";

/** The baselines of a policy as reports and audits name them. */
export function profilesOf({
  baseline,
  baselines,
}: Pick<Policy, "baseline" | "baselines">): Pick<AuditHeader, "profile" | "profiles"> {
  if (baselines === undefined) return { profile: baseline === undefined ? null : baselineInfo(baseline) };
  const different = new Map(baselines.map((each) => [each.baseline.id, each.baseline]));
  const profiles = [...different.values()].map(baselineInfo);
  const [joined] = profiles.length === 1 ? profiles : [together(profiles)];
  return { profile: joined ?? null, profiles };
}

function together(profiles: readonly ProfileInfo[]): ProfileInfo {
  const rules = new Map(profiles.flatMap(({ rules: own }) => own.map((rule) => [rule.id, rule])));
  return {
    id: profiles.map(({ id }) => id).join(", "),
    title: profiles.map(({ title, version }) => `${title} ${version}`).join(", "),
    version: "",
    rules: [...rules.values()],
  };
}

/** Each rule once, with what all rules go back to. */
export function baselineInfo(baseline: Baseline): ProfileInfo {
  const { id, title, version, references } = baseline;
  const rules = new Map(
    baseline.rules.map((rule) => [
      rule.id,
      {
        id: rule.id,
        title: rule.title,
        severity: rule.severity,
        references: [...new Set([...rule.references, ...references])],
      },
    ]),
  );
  return { id, title, version, rules: [...rules.values()] };
}

/** A system that a baseline is written for; `anywhere` where it is written for none in particular. */
export type BaselineSystem = { readonly name: string; readonly versionId: string } | "anywhere";

/**
 * The host's system as the baseline calls it. `foreign`: the baseline is not for this system;
 * `unknown`: nobody could read which it is.
 */
export function systemOf(
  baseline: Baseline,
  { os }: Pick<Facts, "os">,
): BaselineSystem | "foreign" | "unknown" {
  if (baseline.systems.length === 0) return "anywhere";
  if (os.state !== "known") return "unknown";
  const { id, versionId } = os.value;
  const found = baseline.systems.find(
    (system) =>
      system.id === id && (versionId === system.version || versionId.startsWith(`${system.version}.`)),
  );
  return found === undefined ? "foreign" : { name: found.name, versionId };
}

/** The rules that apply to a system. */
export function rulesFor(baseline: Baseline, system: BaselineSystem): BaselineRule[] {
  return baseline.rules.filter(({ systems, since }) => {
    if (system === "anywhere") return true;
    if (systems !== undefined && !systems.includes(system.name)) return false;
    return since === undefined || !isOlder(system.versionId, since);
  });
}

/**
 * What the rules ask of each setting, whichever system they are for: what is written on a host does
 * not depend on whether somebody chose the wrong baseline for it.
 */
export function demandsOf(baseline: Baseline | undefined): ReadonlyMap<RuleSetting, readonly Relation[]> {
  const demands = new Map<RuleSetting, Relation[]>();
  for (const { requires } of baseline?.rules ?? []) {
    for (const [setting, relation] of Object.entries(requires)) {
      demands.set(setting, [...(demands.get(setting) ?? []), relation]);
    }
  }
  return demands;
}

/** What the checks of a baseline's scanner compare a setting with on this system, where they ask for more than the rule. */
export function scannerRelation(
  baseline: Baseline | undefined,
  setting: RuleSetting,
  { os }: Pick<Facts, "os">,
): Relation | undefined {
  if (os.state !== "known") return undefined;
  const { id } = os.value;
  const checks = baseline?.scanner?.checks ?? [];
  return checks.find(({ systems }) => systems === undefined || systems.includes(id))?.requires[setting];
}

/** That a scanner's check fails where the rule is met: it passes, and tells the administrator why two tools disagree. */
export function scannerDisagrees(
  said: Required<Pick<Judgement, "expected" | "actual" | "source">>,
): Judgement {
  return { role: "*", about: "for scanners", ...said, evidence: "configured", outcome: "pass" };
}

/** Whether a number is what a rule asks for. */
export function holds(relation: Relation, value: number): boolean {
  const { "at-most": most, "more-than": least, equals } = relation;
  return (
    (most === undefined || value <= most) &&
    (least === undefined || value > least) &&
    (equals === undefined || value === equals)
  );
}

/** `more than 0 and at most 600`, `exactly 1`. */
export function relationText({ "at-most": most, "more-than": least, equals }: Relation): string {
  return [
    ...(equals === undefined ? [] : [`exactly ${equals}`]),
    ...(least === undefined ? [] : [`more than ${least}`]),
    ...(most === undefined ? [] : [`at most ${most}`]),
  ].join(" and ");
}

/** Numbers between dots, compared one by one. */
function isOlder(version: string, than: string): boolean {
  const [left, right] = [version, than].map((text) => text.split(".").map(Number));
  for (const [index, wanted] of (right ?? []).entries()) {
    const actual = left?.[index] ?? 0;
    if (actual !== wanted) return actual < wanted;
  }
  return false;
}
