/** What several pages say of a finding: its address, and one finding in full. */
import type { OpenReason } from "../../core/audit/open.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import { countOf } from "../html/words.ts";
import { clipLine } from "../layout/clip.ts";
import { address, type Query } from "./address.ts";

const LONGEST = 2000;

/** The address of a finding's page. */
export function reasonAddress(
  reason: Pick<OpenReason, "check" | "control" | "role" | "rule">,
  run: string,
): string {
  const { check, control, role, rule } = reason;
  return address("finding", { check, control, role, ...ruleQuery(rule), run });
}

/** In an address, `none` is a finding about no rule, and left out is any; a rule has never that name. */
export function ruleQuery(rule: string | null | undefined): Query {
  return { rule: rule === null ? "none" : rule };
}

/** The values of `serve/variant.hbs`: one finding in full. */
export function variantValues(finding: Finding, hosts: number | null) {
  const { subject = "", expected, actual, source, evidence, waiver = "" } = finding;
  return {
    subject: clip(subject),
    expected: clip(expected),
    actual: clip(actual),
    source: clip(source),
    waiver: clip(waiver),
    evidence,
    amount: hosts === null ? "" : hosts === 0 ? "the fleet" : countOf(hosts, "host"),
  };
}

function clip(text: string): string {
  return clipLine(text, LONGEST);
}
