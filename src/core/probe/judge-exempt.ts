import type { Control } from "../../model/control.ts";
import type { ControlId } from "../../model/control-id.ts";
import type { Verdict } from "./judge-probe.ts";

/**
 * The verdict on a session of somebody who is exempt from some mechanisms: a drop by one of those is a
 * failure, however well it was timed. Pure.
 */
export function judgeExempt(
  verdict: Verdict,
  user: string,
  exemptFrom: readonly ControlId[],
  controls: readonly Control[],
): Verdict {
  const control = controls.find(({ mechanisms }) => mechanisms.includes(verdict.by))?.id;
  if (verdict.outcome !== "pass" || control === undefined || !exemptFrom.includes(control)) return verdict;
  return { ...verdict, outcome: "fail", reason: `${verdict.reason}, but ${user} is exempt from ${control}` };
}
