/** How many sessions a change would end at once. Pure. */
import type { HostPlan } from "../../model/change/plan.ts";
import type { Fate } from "../../model/facts/session.ts";

/** Of hosts that would be changed. What is unknown may be hurt, and counts. */
export interface Hurt {
  readonly ends: number;
  readonly unknown: number;
  /** Hosts where it is not known who is logged in. */
  readonly hosts: readonly string[];
}

/** Hosts where nothing changes hurt none that were not hurt without. */
export function hurtBy(plans: readonly HostPlan[]): Hurt {
  const changing = plans.filter(({ error, changes }) => error === undefined && changes.length > 0);
  const sessions = changing.flatMap((plan) => (plan.sessions?.state === "known" ? plan.sessions.value : []));
  const count = (wanted: Fate): number => sessions.filter(({ fate }) => fate === wanted).length;
  const unread = changing.filter((plan) => plan.sessions?.state !== "known");
  return { ends: count("ends"), unknown: count("unknown"), hosts: unread.map(({ host }) => host) };
}
