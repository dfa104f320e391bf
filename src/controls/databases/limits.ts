/** What the watchdog of a database makes of the policy's limits. Pure. */
import type { Seconds } from "../../model/terms/duration.ts";
import type { HostLimits, RoleLimits } from "../../model/policy/limits.ts";
import { GRACE, idleRoles, intervalFor } from "../watchdog/limits.ts";

/** The roles that have an idle limit; the defaults only tighten them, as they name nobody. */
export function limitedRoles(limits: HostLimits): (RoleLimits & { readonly idle: Seconds })[] {
  return idleRoles(limits).filter(({ role }) => role !== limits.defaults.role);
}

export function lookInterval(limits: HostLimits, by: "systemd" | "cron"): Seconds {
  return intervalFor(limitedRoles(limits), by);
}

/** What sessions have that were idle before the limit came into force: as long as at a terminal, where they are warned. */
export function graceOf(limits: HostLimits): Seconds {
  return Math.max(0, ...limitedRoles(limits).map(({ warnBefore }) => warnBefore ?? GRACE));
}
