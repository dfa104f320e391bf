/** What a host's plan, result or verification comes to, decided once for text, JSON and exit code. */
import type { Finding } from "../../model/finding.ts";
import type { HostPlan } from "../../model/plan.ts";
import type { HostOutcome, HostVerification } from "../../model/run.ts";

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
  const { probes, findings } = verification;
  if (has(probes, "fail") || has(findings, "fail")) return "fail";
  if (has(probes, "unknown") || has(findings, "unknown")) return "unknown";
  return probes.length > 0 ? "pass" : "skipped";
}

/**
 * A plan passes where nothing would change. Its findings say what a host's versions cannot do; they
 * are shown, but a second plan after apply has to exit 0 on such a host as well.
 */
export function planVerdict(plans: readonly HostPlan[]): Verdict {
  if (plans.some((plan) => plan.error !== undefined)) return "unknown";
  return plans.some((plan) => plan.changes.length > 0) ? "fail" : "pass";
}

/** Apply and revert: everything asked for holds, or some host was not changed. */
export function resultVerdict(outcomes: readonly HostOutcome[]): Verdict {
  return outcomes.every((outcome) => outcome === "confirmed" || outcome === "unchanged") ? "pass" : "unknown";
}

/** A verification in which not one session was probed has shown nothing, so it is no pass. */
export function verifyVerdict(verifications: readonly HostVerification[]): Verdict {
  const probed = verifications.some(({ probes }) => probes.length > 0);
  const unknown = verifications.some(
    ({ error, probes, findings }) =>
      error !== undefined || has(probes, "unknown") || has(findings, "unknown"),
  );
  if (unknown || !probed) return "unknown";
  return verifications.some(({ probes, findings }) => has(probes, "fail") || has(findings, "fail"))
    ? "fail"
    : "pass";
}

/** The verdict of two parts of one run. */
export function worst(left: Verdict, right: Verdict): Verdict {
  if (left === "unknown" || right === "unknown") return "unknown";
  return left === "fail" || right === "fail" ? "fail" : "pass";
}

/** How many of each, in the order in which they first occur: `{ confirmed: 3, failed: 1 }`. */
export function countBy<T extends string>(values: readonly T[]): Partial<Record<T, number>> {
  const counts: Partial<Record<T, number>> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

function has(
  items: readonly { readonly outcome: Finding["outcome"] }[],
  outcome: Finding["outcome"],
): boolean {
  return items.some((item) => item.outcome === outcome);
}
