import type { AuditedHost, AuditRun } from "../../model/record/audit.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import { worstOf } from "../../core/verdict/outcome.ts";
import { clipLine, clipLines } from "../layout/clip.ts";

/** What a checklist says about one rule. */
export interface RuleReview {
  readonly status: "not_a_finding" | "open" | "not_applicable" | "not_reviewed";
  readonly comments: string;
  readonly finding_details: string;
}

/** STIG Manager cuts at 32,767 characters. */
const LONGEST_TEXT = 32_000;
/** A host's text with a line feed in it must not pass for a line of ours. */
const line = (text: string): string => clipLine(text, 2000);

/**
 * The review of one rule from the findings about it on one host. Anything that fails makes it open,
 * and so does a waiver: somebody has accepted the finding, which is still one, and the justification
 * is in the comments. What nobody could judge was not reviewed. `not_applicable` is said of
 * a host of another system than the STIG's alone; where a rule of its own STIG does not apply, that is for whoever signs
 * the checklist.
 */
export function ruleReview(run: AuditRun, host: AuditedHost, findings: readonly Finding[]): RuleReview {
  const comments = [
    `Judged by curfew ${run.curfew}, run ${run.runId}, ${run.finishedAt}.`,
    ...reasons(host, findings),
    ...demonstrated(host),
  ];
  return {
    status: statusOf(findings),
    comments: clipLines(comments.join("\n"), LONGEST_TEXT),
    finding_details: clipLines(findings.map(detail).join("\n\n"), LONGEST_TEXT),
  };
}

function statusOf(findings: readonly Finding[]): RuleReview["status"] {
  const outcomes = new Set(findings.map(({ outcome }) => outcome));
  if (outcomes.has("fail") || outcomes.has("waived")) return "open";
  if (worstOf(outcomes) === "not-applicable") return "not_applicable";
  return outcomes.size === 0 || outcomes.has("unknown") ? "not_reviewed" : "not_a_finding";
}

function* reasons(host: AuditedHost, findings: readonly Finding[]): Generator<string> {
  if (findings.length === 0) {
    yield `Not judged on this host${host.error === undefined ? "" : `: ${line(host.error.message)}`}.`;
  }
  for (const { outcome, actual, waiver, role } of findings) {
    if (outcome === "unknown") yield line(`Could not be judged for ${role}: ${actual}`);
    if (outcome === "not-applicable") yield line(`Not applicable: ${actual}`);
    if (outcome === "waived") yield line(`Waived for ${role}: ${waiver ?? "no justification given"}`);
  }
}

/** The rule's number can hold while sessions stay: whoever signs has to know. */
function* demonstrated({ findings }: AuditedHost): Generator<string> {
  const kept = findings.filter(
    ({ check, evidence, outcome }) =>
      check === "session-ends" && evidence === "demonstrated" && outcome === "fail",
  );
  for (const { role, subject, expected, actual } of kept) {
    const about = [role, subject ?? "session"].join(", ");
    yield line(`A real session showed otherwise (${about}): expected ${expected}, found ${actual}`);
  }
}

function detail(finding: Finding): string {
  const { outcome, control, role, subject, expected, actual, source, evidence } = finding;
  const about = [control, role, subject].filter((part) => part !== undefined).join(", ");
  const lines = { expected, actual, source, evidence };
  const values = Object.entries(lines).map(([name, value]) => line(`${name}: ${value}`));
  return [line(`${about}: ${outcome}`), ...values].join("\n");
}
