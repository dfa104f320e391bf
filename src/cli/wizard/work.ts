/** What the wizard does with a host: the same use cases as plan, apply and verify, for one. */
import { planRecord } from "../../core/verdict/document.ts";
import type { Fleet, RunContext } from "../../flow/run/context.ts";
import type { Look } from "../../flow/look.ts";
import type { HostPlan, Plan } from "../../model/change/plan.ts";
import type { HostResult, HostVerification } from "../../model/change/run.ts";
import { DEFAULT_PROBES } from "../../model/terms/session-kind.ts";
import type { Run } from "../progress/run-context.ts";

/** Seconds that the longest limit becomes in a scaled proof. */
const SCALED = 20;

/** Before the host is changed the first interrupt ends everything, as nothing is in flight. */
function reading(context: RunContext): RunContext {
  return { ...context, aborting: AbortSignal.any([context.stopping, context.aborting]) };
}

/** Facts and people. Errors as `lookAt`. */
export async function look({ policy, hosts: [host] }: Fleet, run: Run): Promise<Look> {
  const { lookAt } = await import("../../flow/look.ts");
  return run.phase("look", [host!.name], () => lookAt(host!, policy, reading(run.context)));
}

/** What would change; `error` set where that cannot be said. */
export async function planOne(fleet: Fleet, run: Run): Promise<HostPlan> {
  const { planFleet } = await import("../../flow/plan.ts");
  const names = fleet.hosts.map(({ name }) => name);
  const [plan] = await run.phase("plan", names, () => planFleet(fleet, reading(run.context)));
  return plan!;
}

/** Applies what was seen and approved, and nothing else; the history knows it. */
export async function applyOne(
  fleet: Fleet,
  plan: HostPlan,
  sources: Pick<Plan, "policy" | "inventory">,
  confirmWithinSeconds: number,
  run: Run,
): Promise<HostResult> {
  const { applyFleet } = await import("../../flow/apply.ts");
  const createdAt = run.context.now().toISOString();
  await run.journal.write(
    "plan.json",
    planRecord({ schema: "curfew/plan/1", createdAt, ...sources, hosts: [plan] }),
  );
  const approved = new Map([[plan.host, plan]]);
  const bounds = { waves: ["1"], maxFail: 1, confirmWithinSeconds, owner: run.owner, approved };
  const policy = { name: fleet.policy.name, digest: sources.policy.digest };
  await run.remember(policy);
  const results = await run.phase("apply", [plan.host], () => applyFleet(fleet, bounds, run.context));
  // At once: whoever interrupts the proof has changed the host before.
  await run.remember(policy, results);
  return results[0]!;
}

/** Opens real sessions, with every limit scaled down or as it is. */
export async function proveOne(fleet: Fleet, how: "scaled" | "full", run: Run): Promise<HostVerification> {
  const { verifyFleet } = await import("../../flow/verify.ts");
  const wanted = { sessions: DEFAULT_PROBES, ...(how === "scaled" ? { scaled: SCALED } : {}) };
  const names = fleet.hosts.map(({ name }) => name);
  const [verification] = await run.phase("verify", names, () => verifyFleet(fleet, wanted, run.context));
  return verification!;
}
