import { visible } from "../../core/text/visible.ts";
import type { AuditRun } from "../../model/record/audit.ts";
import { clipLine } from "../layout/clip.ts";
import { hostLinks } from "./hosts.ts";
import type { Reason, Variant } from "./reasons.ts";
import { countOf, mark, number } from "./words.ts";

/** How many variants of one reason the page lists; each host's own page has all of them. */
const VARIANTS = 20;
/** Characters of one text in the list; the detail of the host has all of it. */
const LONGEST = 2000;

/** The values of `reason.hbs` for one reason. Pure. */
export function reasonValues(reason: Reason, run: AuditRun) {
  const { id, outcome, check, title, help, control, role, rule, hosts, variants } = reason;
  const known = rule === null ? undefined : run.profile?.rules.find((each) => each.id === rule);
  const more = variants.length - VARIANTS;
  const common = variants.length < 2 ? null : commonValues(variants);
  return {
    id,
    outcome,
    check,
    mark: mark(outcome),
    title,
    help,
    control,
    role: visible(role),
    who: role === "*" ? null : visible(role),
    rule: rule === null ? null : visible(rule),
    ruleTitle: known === undefined ? null : visible(known.title),
    severity: known?.severity ?? null,
    short: shortValues(variants),
    common,
    amount: hosts.size === 0 ? "the fleet" : countOf(hosts.size, "host"),
    variants: variants.slice(0, VARIANTS).map((variant) => variantValues(variant, common, run)),
    more: more > 0 ? `${countOf(more, "more variant")}: each is told in the detail of its host.` : null,
  };
}

/** The most frequent variant in one line, so that most reasons need not be opened to be understood. */
function shortValues([first, ...others]: readonly Variant[]) {
  if (first === undefined) return null;
  const more = others.length === 0 ? null : `and ${countOf(others.length, "other")}`;
  return {
    expected: clipLine(first.finding.expected, 160),
    actual: clipLine(first.finding.actual, 160),
    more,
  };
}

const SHARED = ["subject", "expected", "source", "waiver"] as const;
type Shared = Readonly<Record<(typeof SHARED)[number], string | null>>;

/** What all variants say alike and is therefore said once. */
function commonValues(variants: readonly Variant[]): Shared {
  const [first] = variants;
  return shared((field) => {
    const value = first?.finding[field];
    return variants.every(({ finding }) => finding[field] === value) ? value : undefined;
  });
}

function variantValues({ finding, hosts }: Variant, common: Shared | null, run: AuditRun) {
  return {
    ...shared((field) => (common?.[field] ? undefined : finding[field])),
    actual: clipLine(finding.actual, LONGEST),
    evidence: finding.evidence,
    amount: hosts.length === 0 ? null : number(hosts.length),
    hosts: hostLinks(hosts, run),
  };
}

function shared(valueOf: (field: (typeof SHARED)[number]) => string | null | undefined): Shared {
  const values = SHARED.map((field) => {
    const value = valueOf(field);
    return [field, value ? clipLine(value, LONGEST) : null] as const;
  });
  return Object.fromEntries(values) as Record<(typeof SHARED)[number], string | null>;
}
