import type { Facts } from "../../model/facts/facts.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import { exempts, isExempt, resolvedClasses } from "./present-people.ts";

/** The value for a mechanism that knows one limit for the whole host, or why there is none. */
export type Backstop =
  | { readonly state: "limit"; readonly limit: Seconds }
  | { readonly state: "no-limits" }
  | { readonly state: "left-out"; readonly reason: string; readonly outcome: "fail" | "unknown" };

/**
 * The longest idle limit of anybody on the host. It is left out where it would end sessions that
 * the policy lets be: people exempt from the control, or everybody outside the roles.
 */
export function backstop(facts: Facts, limits: HostLimits, control: ControlId): Backstop {
  const longest = limits.defaults.idle;
  if (longest === null) {
    if (limits.roles.every(({ idle }) => idle === null)) return { state: "no-limits" };
    return leftOut("it would also end sessions of people for whom the policy sets no idle limit");
  }
  if (!limits.exemptions.some((active) => exempts(active, control)))
    return { state: "limit", limit: longest };
  const classes = resolvedClasses(facts, limits);
  if (classes === undefined) {
    return leftOut("whether an exempt person has an account here could not be read", "unknown");
  }
  const exempt = classes.find(({ person }) => isExempt(person, control));
  if (exempt === undefined) return { state: "limit", limit: longest };
  return leftOut(`it would also end sessions of ${exempt.account.representative}, who is exempt`);
}

function leftOut(reason: string, outcome: "fail" | "unknown" = "fail"): Backstop {
  return { state: "left-out", reason, outcome };
}
