import type { AuditRun, RuleInfo } from "../../model/record/audit.ts";
import { CHECKS, type Check } from "../../model/verdict/check.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import { clipLine } from "../layout/clip.ts";

/** GitHub takes at most so many tags of a rule. */
const MOST_TAGS = 20;
const LEVELS = { high: "error", medium: "warning", low: "note" } as const;
/** GitHub sorts by these numbers: over 7.0 is high, over 4.0 medium (its SARIF support, security-severity). */
const SCORES = { high: "8.0", medium: "5.0", low: "3.0" } as const;

export interface SarifRule {
  readonly id: string;
  readonly level: "error" | "warning" | "note";
  readonly descriptor: object;
}

/** What findings may refer to: every check of curfew, then every rule of the profiles. */
export function sarifRules({
  profile,
  profiles,
}: Pick<AuditRun, "profile" | "profiles">): readonly SarifRule[] {
  const checks = Object.entries<Check>(CHECKS).map(([id, check]) => checkRule(id, check));
  const taken = new Set(checks.map(({ id }) => id));
  const all = profiles ?? (profile === null ? [] : [profile]);
  const rules = all.flatMap(({ title, rules: own }) =>
    own.filter(({ id }) => !taken.has(id)).map((rule) => baselineRule(rule, title)),
  );
  return [...checks, ...rules];
}

/** Where in the list a finding's rule is: the baseline's own where the list has it, else its check. */
export function ruleIndexOf(rules: readonly SarifRule[]): (finding: Finding) => number {
  const places = new Map(rules.map(({ id }, index) => [id, index]));
  return ({ check, rule }) => (rule === undefined ? undefined : places.get(rule)) ?? places.get(check) ?? 0;
}

function checkRule(id: string, { title, help }: Check): SarifRule {
  const tags = ["security", "idle-session"];
  return describe(id, "error", title, help, { tags, "security-severity": SCORES.medium });
}

function baselineRule({ id, title, severity, references }: RuleInfo, profile: string): SarifRule {
  const help = `${profile}: ${references.join(", ")}. ${CHECKS["baseline-rule"].help}`;
  const tags = ["security", "compliance", ...references].slice(0, MOST_TAGS);
  return describe(id, LEVELS[severity], title, help, { tags, "security-severity": SCORES[severity] });
}

function describe(
  id: string,
  level: SarifRule["level"],
  title: string,
  help: string,
  properties: object,
): SarifRule {
  const [short, full] = [{ text: clipLine(title, 1000) }, { text: clipLine(help, 1000) }];
  const defaultConfiguration = { level };
  const descriptor = {
    id,
    shortDescription: short,
    fullDescription: full,
    help: full,
    defaultConfiguration,
    properties,
  };
  return { id, level, descriptor };
}
