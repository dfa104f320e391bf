import type { Control } from "../../model/control/control.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import type { ProbeVerdict } from "./judge-probe.ts";

/**
 * The verdict on a session of somebody who is exempt from some mechanisms: a drop by one of those is a
 * failure, however well it was timed. Pure.
 */
export function judgeExempt(
  verdict: ProbeVerdict,
  user: string,
  exemptFrom: readonly ControlId[],
  controls: readonly Control[],
): ProbeVerdict {
  const control = controls.find(({ mechanisms }) => mechanisms.includes(verdict.by))?.id;
  if (verdict.outcome !== "pass" || control === undefined || !exemptFrom.includes(control)) return verdict;
  return { ...verdict, outcome: "fail", reason: `${verdict.reason}, but ${user} is exempt from ${control}` };
}
