import type { ControlId } from "../../model/control-id.ts";
import type { Verdict } from "./judge-probe.ts";
import type { Mechanism } from "../../model/timeout.ts";

/** Which control sets a mechanism up. */
const CONTROLS: Readonly<Partial<Record<Mechanism, ControlId>>> = {
  TMOUT: "shell-timeout",
  ChannelTimeout: "sshd",
  UnusedConnectionTimeout: "sshd",
  ClientAlive: "sshd",
  logind: "logind",
  watchdog: "watchdog",
};

/**
 * The verdict on a session of somebody who is exempt from some mechanisms: a drop by one of those is a
 * failure, however well it was timed. Pure.
 */
export function judgeExempt(verdict: Verdict, user: string, exemptFrom: readonly ControlId[]): Verdict {
  const control = CONTROLS[verdict.by];
  if (verdict.outcome !== "pass" || control === undefined || !exemptFrom.includes(control)) return verdict;
  return { ...verdict, outcome: "fail", reason: `${verdict.reason}, but ${user} is exempt from ${control}` };
}
