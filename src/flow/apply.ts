import { guardChange, writtenAfter } from "../core/plan/guard.ts";
import { changesDigest, planDigests } from "../core/plan/digests.ts";
import { refuseLostLines } from "../core/plan/lost-lines.ts";
import type { Connection } from "../model/inventory/connection.ts";
import { CurfewError } from "../model/terms/error.ts";
import type { HostPlan, PlanDigests } from "../model/change/plan.ts";
import type { Host } from "../model/inventory/host.ts";
import type { HostResult } from "../model/change/run.ts";
import { changeHost } from "./guard/change-host.ts";
import type { Fleet, RunContext } from "./run/context.ts";
import { decide, type HostDecision, login } from "./plan.ts";
import { afterOverdue } from "./guard/settle-overdue.ts";
import { type WaveOptions, alwaysResult, inWaves } from "./guard/waves.ts";

export interface ApplyOptions extends WaveOptions {
  /** Plans somebody has seen and approved, by host; without it whatever the host needs is done. */
  readonly approved?: ReadonlyMap<string, HostPlan>;
  /** Somebody said yes to lines of others that their shells skip from then on. */
  readonly acceptLostLines?: boolean;
}

/** How one host is changed. */
export interface HostChange extends Pick<ApplyOptions, "owner" | "confirmWithinSeconds" | "acceptLostLines"> {
  readonly approved?: PlanDigests | undefined;
  /** Called right before anything on the host is changed; what it throws ends that. */
  readonly permit?: (plan: HostPlan) => Promise<void>;
}

/** Does a host in the place of this process. */
export type ApplyElsewhere = (host: Host, approved: PlanDigests | undefined) => Promise<HostResult>;

/**
 * Brings every host to what the policy asks: two logins per host, the second confirms.
 * A host whose facts or changes differ from those of its approved plan is refused (`stale-plan`), and so is one on
 * which lines of others would be lost (`lost-lines`) unless that is accepted.
 */
export async function applyFleet(
  fleet: Fleet,
  { approved, ...options }: ApplyOptions,
  context: RunContext,
  elsewhere?: ApplyElsewhere,
): Promise<HostResult[]> {
  return inWaves(
    fleet.hosts,
    options,
    async (host) => {
      const plan = approved?.get(host.name);
      refuseUnapproved(plan, approved !== undefined, host.name);
      const digests = plan && planDigests(plan);
      return elsewhere === undefined
        ? changeOne(host, fleet, { ...options, approved: digests }, context)
        : elsewhere(host, digests);
    },
    context,
  );
}

/** One host for somebody else's waves; `fleet.hosts` are not looked at. Never rejects. */
export async function applyForWaves(
  host: Host,
  fleet: Fleet,
  options: HostChange,
  context: RunContext,
): Promise<HostResult> {
  return alwaysResult(host, (each) => changeOne(each, fleet, options, context));
}

async function changeOne(
  host: Host,
  fleet: Fleet,
  options: HostChange,
  context: RunContext,
): Promise<HostResult> {
  const connection = await login(host, context);
  try {
    return await applyHost(connection, fleet, options, context);
  } finally {
    connection.close();
  }
}

async function applyHost(
  connection: Connection,
  fleet: Fleet,
  options: HostChange,
  context: RunContext,
): Promise<HostResult> {
  const read = (): Promise<HostDecision> => decide(connection, fleet, context);
  return afterOverdue(
    connection,
    read,
    (decision) => carryOut(connection, decision, options, context),
    context,
    async ({ plan }) => options.permit?.(plan),
  );
}

async function carryOut(
  connection: Connection,
  decision: HostDecision,
  options: HostChange,
  context: RunContext,
): Promise<HostResult> {
  const { facts, plan } = decision;
  const host = connection.host.name;
  if (plan.error !== undefined) {
    throw new CurfewError(plan.error.code, plan.error.message, { host, hint: plan.error.hint });
  }
  refuseStale(decision, options.approved);
  if (plan.changes.length === 0) return { host, outcome: "unchanged" };
  if (options.acceptLostLines !== true) refuseLostLines(plan);
  const changes = plan.changes.map(guardChange);
  const change = {
    token: context.token(),
    owner: options.owner,
    reason: "apply",
    confirmWithinSeconds: options.confirmWithinSeconds,
    changes,
    activations: plan.activations,
    expectations: plan.expectations,
    written: writtenAfter(facts, changes),
    leaving: false,
  };
  await options.permit?.(plan);
  return changeHost(connection, facts, change, context);
}

function refuseUnapproved(plan: HostPlan | undefined, needed: boolean, host: string): void {
  if (needed && plan === undefined)
    throw new CurfewError("stale-plan", "this host is not in the plan", { host });
  if (plan?.error === undefined) return;
  throw new CurfewError(plan.error.code, `the plan could not be made for this host: ${plan.error.message}`, {
    host,
    hint: plan.error.hint,
  });
}

function refuseStale({ facts, plan }: HostDecision, approved: PlanDigests | undefined): void {
  if (approved === undefined) return;
  // The same facts may ask for other changes on another day: an exemption expires.
  const sameFacts = approved.facts === facts.digest;
  if (sameFacts && approved.changes === changesDigest(plan)) return;
  const what = sameFacts ? "what is to be done is" : "the host is";
  throw new CurfewError("stale-plan", `${what} not as it was when the plan was made`, {
    host: plan.host,
    hint: "make the plan anew and look at what differs",
  });
}
