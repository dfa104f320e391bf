/** What an audit reads beside policy and inventory; a scheduled one is checked with the same. */
import type { Alerts } from "../../model/record/alert.ts";
import type { AuditHeader } from "../../model/record/audit.ts";
import type { Policy } from "../../model/policy/policy.ts";

/** The alerts file, where one was given. Errors: as `loadAlerts`. */
export async function readAlerts(file: string | undefined): Promise<Alerts | undefined> {
  if (file === undefined) return undefined;
  const { loadAlerts } = await import("../../config/policy/alerts.ts");
  return loadAlerts(file);
}

/** The policy's baselines as reports name them. */
export async function baselinesOf(policy: Policy): Promise<Pick<AuditHeader, "profile" | "profiles">> {
  if (policy.baseline === undefined && policy.baselines === undefined) return { profile: null };
  const { profilesOf } = await import("../../core/policy/baseline-rules.ts");
  return profilesOf(policy);
}
