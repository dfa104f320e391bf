/**
 * What findings, sessions, plans, hosts and runs come to, decided once for text, JSON, reports, history and exit code.
 * There is one order of outcomes, and everything that chooses among several uses it.
 */
import type { Finding } from "../../model/verdict/finding.ts";
import type { HostPlan } from "../../model/change/plan.ts";
import type { HostOutcome, HostVerification } from "../../model/change/run.ts";

export type Outcome = Finding["outcome"];

/**
 * The one order, worst first. Unknown before fail: what could not be judged may be anything. A host that has both
 * counts as both, see `hostOutcomes`. What does not apply comes last: beside anything else it says nothing.
 */
export const WORST_FIRST = [
  "unknown",
  "fail",
  "waived",
  "pass",
  "not-applicable",
] as const satisfies readonly Outcome[];

/** How counts are written side by side. */
export const COUNTED = [
  "pass",
  "fail",
  "unknown",
  "waived",
  "not-applicable",
] as const satisfies readonly Outcome[];

/** How people read them. */
export const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  pass: "pass",
  fail: "fail",
  unknown: "unknown",
  waived: "waived",
  "not-applicable": "not applicable",
};

/** How many of each outcome; those that do not occur are zero. */
export function countOutcomes(outcomes: Iterable<Outcome>): Record<Outcome, number> {
  const counts = { pass: 0, fail: 0, unknown: 0, waived: 0, "not-applicable": 0 };
  for (const outcome of outcomes) counts[outcome] += 1;
  return counts;
}

/** The worst of them; undefined where there are none. */
export function worstOf<T extends Outcome>(outcomes: Iterable<T>): T | undefined {
  const found = new Set<Outcome>(outcomes);
  return WORST_FIRST.find((outcome): outcome is typeof outcome & T => found.has(outcome));
}

/** Below zero where the left one is worse: for sorting. */
export function compareOutcomes(left: Outcome, right: Outcome): number {
  return WORST_FIRST.indexOf(left) - WORST_FIRST.indexOf(right);
}

/**
 * A host's outcome of everything that was found there: what is waived or does not apply does not count against it. Where
 * nothing of what was asked applies, nothing was shown: that is unknown.
 */
export function outcomeOfAll(items: readonly Judged[]): Verdict {
  const found = worstOf(items.map(({ outcome }) => outcome));
  if (found === "not-applicable") return "unknown";
  return found === "unknown" || found === "fail" ? found : "pass";
}

/** Whether somebody has to look at it: it fails, or it could not be judged. */
export function isOpen({ outcome }: Judged): boolean {
  return outcome === "fail" || outcome === "unknown";
}

/** As what a host is counted: its outcome, and `fail` as well where it is unknown and something failed for certain. */
export function hostOutcomes<T extends string>(outcome: T, items: readonly Judged[]): (T | "fail")[] {
  const failed = outcome === "unknown" && items.some((item) => item.outcome === "fail");
  return failed ? ["fail", outcome] : [outcome];
}

interface Judged {
  readonly outcome: Outcome;
}

/** `unknown` where the host could not be judged. */
export type PlanOutcome = "change" | "unchanged" | "unknown";

/** `skipped` where the policy asks for nothing that could be probed there. */
export type VerifyOutcome = "pass" | "fail" | "unknown" | "skipped";

/** A run's verdict: `unknown` outranks `fail`, as missing evidence outranks a known difference. */
export type Verdict = "pass" | "fail" | "unknown";

export function planOutcome(plan: HostPlan): PlanOutcome {
  if (plan.error !== undefined) return "unknown";
  return plan.changes.length > 0 ? "change" : "unchanged";
}

export function verifyOutcome(verification: HostVerification): VerifyOutcome {
  if (verification.error !== undefined) return "unknown";
  const outcome = outcomeOfAll(judgedIn(verification));
  return outcome === "pass" && verification.probes.length === 0 ? "skipped" : outcome;
}

/** How many hosts of each outcome; see `hostOutcomes`. */
export function countVerified(
  verifications: readonly HostVerification[],
): Partial<Record<VerifyOutcome, number>> {
  return countBy(verifications.flatMap((each) => hostOutcomes(verifyOutcome(each), judgedIn(each))));
}

function judgedIn({ probes, findings }: HostVerification): Judged[] {
  return [...probes, ...findings];
}

/**
 * A plan passes where nothing would change. Its findings say what a host's versions cannot do; they
 * are shown, but a second plan after apply has to exit 0 on such a host as well.
 */
export function planVerdict(plans: readonly HostPlan[]): Verdict {
  if (plans.some((plan) => plan.error !== undefined)) return "unknown";
  return plans.some((plan) => plan.changes.length > 0) ? "fail" : "pass";
}

/** Whether a host is as the policy wants after it was to be changed. */
export function isInPlace(outcome: HostOutcome): boolean {
  return outcome === "confirmed" || outcome === "unchanged";
}

/** Apply and revert: everything asked for holds, or some host was not changed. */
export function resultVerdict(outcomes: readonly HostOutcome[]): Verdict {
  return outcomes.every(isInPlace) ? "pass" : "unknown";
}

/** A verification in which not one session was probed has shown nothing, so it is no pass. */
export function verifyVerdict(verifications: readonly HostVerification[]): Verdict {
  const outcomes = verifications.map(verifyOutcome).filter((outcome) => outcome !== "skipped");
  const probed = verifications.some(({ probes }) => probes.length > 0);
  return probed ? (worstOf(outcomes) ?? "unknown") : "unknown";
}

/** The verdict of two parts of one run. */
export function worst(left: Verdict, right: Verdict): Verdict {
  return worstOf([left, right]) ?? "unknown";
}

/** How many of each, in the order in which they first occur: `{ confirmed: 3, failed: 1 }`. */
export function countBy<T extends string>(values: readonly T[]): Partial<Record<T, number>> {
  const counts: Partial<Record<T, number>> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
