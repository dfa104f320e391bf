/** What a look at a host says of a change whose worker was lost. Pure. */
import type { HostPlan } from "../../model/change/plan.ts";
import type { HostOutcome } from "../../model/change/run.ts";
import type { Begun } from "../../model/record/shared-work.ts";
import { changesDigest } from "../plan/digests.ts";
import { shown } from "../text/nearest.ts";

/** Seconds in which a change that was begun is armed, or given up by its host. */
const ARMED_BY_THEN = 30;

/** What is known; `settled`: looking again finds nothing else. */
export interface SeenAfterLoss {
  readonly settled: boolean;
  readonly outcome: HostOutcome;
  /** Lower case, no full stop. */
  readonly text: string;
}

/** `plan` is what the policy asks of the host now, `seconds` how long before that look the worker was allowed to begin. */
export function seenAfterLoss(plan: HostPlan, begun: Begun, seconds: number): SeenAfterLoss {
  const { error, changes } = plan;
  if (error !== undefined) return { settled: false, outcome: "unknown", text: error.message };
  if (changes.length === 0) {
    return {
      settled: true,
      outcome: "confirmed",
      text: "a later look shows the change in place and confirmed",
    };
  }
  const settled = seconds >= ARMED_BY_THEN;
  if (!settled)
    return { settled, outcome: "unknown", text: "the change was not armed yet when the host was looked at" };
  return changesDigest(plan) === begun.changes
    ? { settled, outcome: "rolled-back", text: "a later look shows the host as it was before" }
    : {
        settled,
        outcome: "unknown",
        text: "a later look shows the host neither as it was before nor as the policy wants; curfew plan says what differs",
      };
}

/** With what every word about such a host begins. */
export function lostWorker({ worker }: Begun): string {
  return `the worker ${shown(worker)} stopped answering while it changed this host`;
}

/** What the host does by itself, whatever nobody here knows. */
export function byItself(confirmWithin: number): string {
  return `a change that was begun is confirmed by its worker, or the host takes it back by itself within ${confirmWithin} s of arming it`;
}
