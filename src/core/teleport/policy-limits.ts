import type { Seconds } from "../../model/terms/duration.ts";
import type { Policy } from "../../model/policy/policy.ts";
import type { TeleportLimits } from "../../model/access/teleport.ts";

/** The policy as Teleport has it: the default for the cluster, and the strictest of its roles for each Teleport role. */
export function policyLimits({ defaults, roles }: Policy): TeleportLimits {
  const cluster = defaults.client_idle_timeout;
  const mapped = new Map<string, { readonly limit: Seconds; readonly role: string }>();
  for (const [role, { teleport, client_idle_timeout: own }] of Object.entries(roles)) {
    const limit = Math.min(own ?? Number.POSITIVE_INFINITY, cluster ?? Number.POSITIVE_INFINITY);
    if (!Number.isFinite(limit)) continue;
    for (const name of teleport?.roles ?? []) {
      if (limit < (mapped.get(name)?.limit ?? Number.POSITIVE_INFINITY)) mapped.set(name, { limit, role });
    }
  }
  return { ...(cluster === undefined ? {} : { cluster }), rolesOnly: cluster === undefined, roles: mapped };
}
