import { createHash } from "node:crypto";
import type { HostPlan, PlanDigests } from "../../model/change/plan.ts";

/** What has to be the same for a plan to be the one that somebody has seen. Pure. */
export function planDigests(plan: HostPlan): PlanDigests {
  return { facts: plan.factsDigest, changes: changesDigest(plan) };
}

/** Sha256 over what would be written where; the same for each host on which the same is to be done. */
export function changesDigest({ changes }: HostPlan): string {
  const contents = changes.map(({ path, action, after }) => [path, action, after?.mode, after?.content]);
  return createHash("sha256").update(JSON.stringify(contents)).digest("hex");
}
