import { visible } from "../core/visible.ts";
import type { AuditRun } from "../model/audit.ts";
import { hostLinks } from "./html-hosts.ts";
import type { Reason, Variant } from "./html-reasons.ts";
import { count, mark, number } from "./html-words.ts";

/** How many variants of one reason the page lists; each host's own page has all of them. */
const VARIANTS = 20;

/** The values of `reason.hbs` for one reason. Pure. */
export function reasonValues(reason: Reason, run: AuditRun) {
  const { id, outcome, check, title, help, control, role, rule, hosts, variants } = reason;
  const known = rule === null ? undefined : run.profile?.rules.find((each) => each.id === rule);
  const more = variants.length - VARIANTS;
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
    amount: hosts.size === 0 ? "the fleet" : count(hosts.size, "host"),
    variants: variants.slice(0, VARIANTS).map((variant) => variantValues(variant, run)),
    more: more > 0 ? `${count(more, "more variant")}: each is told in the detail of its host.` : null,
  };
}

/** The most frequent variant in one line, so that most reasons need not be opened to be understood. */
function shortValues([first, ...others]: readonly Variant[]) {
  if (first === undefined) return null;
  const more = others.length === 0 ? null : `and ${count(others.length, "variant")}`;
  return { expected: short(first.finding.expected), actual: short(first.finding.actual), more };
}

function short(text: string): string {
  const shown = visible(text);
  return shown.length > 160 ? `${shown.slice(0, 159)}…` : shown;
}

function variantValues({ finding, hosts }: Variant, run: AuditRun) {
  const { subject, expected, actual, source, evidence, waiver } = finding;
  return {
    subject: subject === undefined ? null : visible(subject),
    expected: visible(expected),
    actual: visible(actual),
    source: visible(source),
    evidence,
    waiver: waiver === undefined ? null : visible(waiver),
    amount: hosts.length === 0 ? null : number(hosts.length),
    hosts: hostLinks(hosts, run),
  };
}
