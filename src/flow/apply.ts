import { guardChange, writtenAfter } from "../core/plan/guard.ts";
import { refuseLostLines } from "../core/plan/lost-lines.ts";
import type { Connection } from "../model/inventory/connection.ts";
import { CurfewError } from "../model/terms/error.ts";
import type { HostPlan } from "../model/change/plan.ts";
import type { HostResult } from "../model/change/run.ts";
import { changeHost } from "./guard/change-host.ts";
import type { Fleet, RunContext } from "./run/context.ts";
import { decide, type HostDecision, login } from "./plan.ts";
import { afterOverdue } from "./guard/settle-overdue.ts";
import { type WaveOptions, inWaves } from "./guard/waves.ts";

export interface ApplyOptions extends WaveOptions {
  /** Plans somebody has seen and approved, by host; without it whatever the host needs is done. */
  readonly approved?: ReadonlyMap<string, HostPlan>;
  /** Somebody said yes to lines of others that their shells skip from then on. */
  readonly acceptLostLines?: boolean;
}

/**
 * Brings every host to what the policy asks: two logins per host, the second confirms.
 * A host whose facts or changes differ from those of its approved plan is refused (`stale-plan`), and so is one on
 * which lines of others would be lost (`lost-lines`) unless that is accepted.
 */
export async function applyFleet(
  fleet: Fleet,
  options: ApplyOptions,
  context: RunContext,
): Promise<HostResult[]> {
  return inWaves(
    fleet.hosts,
    options,
    async (host) => {
      refuseUnapproved(options.approved?.get(host.name), options.approved !== undefined, host.name);
      const connection = await login(host, context);
      try {
        return await applyHost(connection, fleet, options, context);
      } finally {
        connection.close();
      }
    },
    context,
  );
}

async function applyHost(
  connection: Connection,
  fleet: Fleet,
  options: ApplyOptions,
  context: RunContext,
): Promise<HostResult> {
  const read = (): Promise<HostDecision> => decide(connection, fleet, context);
  return afterOverdue(
    connection,
    read,
    (decision) => carryOut(connection, decision, options, context),
    context,
  );
}

async function carryOut(
  connection: Connection,
  decision: HostDecision,
  options: ApplyOptions,
  context: RunContext,
): Promise<HostResult> {
  const { facts, plan } = decision;
  const host = connection.host.name;
  if (plan.error !== undefined) {
    throw new CurfewError(plan.error.code, plan.error.message, { host, hint: plan.error.hint });
  }
  refuseStale(decision, options.approved?.get(host));
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
  return changeHost(connection, facts, change, context);
}

function contents({ changes }: HostPlan): string {
  return JSON.stringify(
    changes.map(({ path, action, after }) => [path, action, after?.mode, after?.content]),
  );
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

function refuseStale({ facts, plan }: HostDecision, approved: HostPlan | undefined): void {
  if (approved === undefined) return;
  // The same facts may ask for other changes on another day: an exemption expires.
  if (approved.factsDigest === facts.digest && contents(approved) === contents(plan)) return;
  const what = approved.factsDigest === facts.digest ? "what is to be done is" : "the host is";
  throw new CurfewError("stale-plan", `${what} not as it was when the plan was made`, {
    host: approved.host,
    hint: "make the plan anew and look at what differs",
  });
}
