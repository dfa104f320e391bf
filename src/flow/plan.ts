/** One host, read and decided. What `plan`, `apply`, `audit` and `verify` begin with. */
import PQueue from "p-queue";
import { policyOn } from "../core/policy/apply-baseline.ts";
import { hostLimits } from "../core/policy/host-limits.ts";
import { planOutcome } from "../core/verdict/outcome.ts";
import { pendingError } from "../core/plan/pending-guard.ts";
import { planHost } from "../core/plan/host.ts";
import { sessionFates } from "../core/plan/session-fates.ts";
import type { ExtraPart } from "../core/answer/script.ts";
import { selectorsOf } from "../core/policy/selectors.ts";
import { createSharing } from "../core/plan/share-alike.ts";
import type { Connection } from "../model/inventory/connection.ts";
import { CurfewError, errorData } from "../model/terms/error.ts";
import type { Facts } from "../model/facts/facts.ts";
import type { Host } from "../model/inventory/host.ts";
import type { HostLimits } from "../model/policy/limits.ts";
import type { Policy } from "../model/policy/policy.ts";
import type { HostPlan } from "../model/change/plan.ts";
import type { Fleet, RunContext } from "./run/context.ts";
import { gatherFacts } from "./gather.ts";

/** What one host said and what follows from it. */
export interface HostDecision {
  readonly facts: Facts;
  /** The policy under the baseline that the host has of it. */
  readonly policy: Policy;
  /** The same boiled down to the host, as of the moment its facts were read. */
  readonly limits: HostLimits;
  readonly plan: HostPlan;
}

/**
 * Reads every host, in parallel, one login and one round trip each, and decides what would change.
 * Nothing is changed. A host that cannot be read gets a plan with an `error` and no changes.
 * The result is in the order of `fleet.hosts`; hosts that never started because of an interrupt
 * carry the error `interrupted`.
 */
export async function planFleet(
  fleet: Fleet,
  context: RunContext,
  elsewhere?: (host: Host) => Promise<HostPlan>,
): Promise<HostPlan[]> {
  // Of others' work nothing is held back here.
  const queue = new PQueue({
    concurrency: elsewhere === undefined ? context.concurrency : Number.POSITIVE_INFINITY,
  });
  const shared = createSharing();
  const planHere = (host: Host): Promise<HostPlan> =>
    elsewhere === undefined
      ? planSingleHost(host, fleet, context)
      : elsewhere(host).catch((error: unknown) => unplanned(host, error));
  return queue.addAll(
    fleet.hosts.map((host) => async () => shared(told(await planHere(host), host, context))),
  );
}

/** The plan, after whoever looks on has heard of it. */
function told(plan: HostPlan, host: Host, context: RunContext): HostPlan {
  const outcome = planOutcome(plan);
  const message = plan.error?.message;
  context.emit({
    type: "host-finished",
    at: context.clock(),
    host: host.name,
    outcome,
    ...(message === undefined ? {} : { message }),
  });
  return plan;
}

/** One host, whoever asks for it. Never rejects for the sake of the host; `fleet.hosts` are not looked at. */
export async function planSingleHost(host: Host, fleet: Fleet, context: RunContext): Promise<HostPlan> {
  let connection: Connection | undefined;
  try {
    if (context.stopping.aborted) throw new CurfewError("interrupted", "not read: the run was interrupted");
    connection = await login(host, context);
    const { facts, plan } = await decide(connection, fleet, context, ["sessions"]);
    refuseArmed(facts, host.name);
    return plan;
  } catch (error) {
    return unplanned(host, error);
  } finally {
    connection?.close();
  }
}

/** Opens the one login of a host, and says so. Errors as `Connect`. */
export async function login(host: Host, context: RunContext): Promise<Connection> {
  context.emit({ type: "host-step", at: context.clock(), host: host.name, step: "connecting" });
  return context.connect(host, { signal: context.aborting, timeoutSeconds: context.connectTimeoutSeconds });
}

/**
 * Facts and plan of one host over a login; `extra` is asked besides. Errors: CurfewError as `gatherFacts` and the controls.
 */
export async function decide(
  connection: Connection,
  fleet: Fleet,
  context: RunContext,
  extra: readonly ExtraPart[] = [],
): Promise<HostDecision> {
  const { host } = connection;
  context.emit({ type: "host-step", at: context.clock(), host: host.name, step: "reading-facts" });
  const now = context.now();
  const today = now.toISOString().slice(0, 10);
  const selectors = selectorsOf(hostLimits(fleet.policy, host, today));
  const facts = await gatherFacts(connection, selectors, {
    signal: context.aborting,
    controls: context.controls,
    now,
    extra,
    token: context.token(),
  });
  const policy = policyOn(fleet.policy, host, facts, context.controls);
  const limits = hostLimits(policy, host, today);
  const plan = planHost(facts, limits, policy.controls, context.controls);
  const sessions = sessionFates(facts, limits, plan, policy.controls, context.controls);
  const judged = sessions === undefined ? {} : { sessions };
  return { facts, policy, limits, plan: { ...plan, host: host.name, ...judged } };
}

/**
 * What a host shows while another run's change is armed may be gone in a minute, so nothing is
 * judged by it. Errors: CurfewError `locked`.
 */
export function refuseArmed({ curfew }: Facts, host: string): void {
  const error = pendingError(curfew, host);
  if (error !== undefined) throw error;
}

function unplanned(host: Host, error: unknown): HostPlan {
  if (!(error instanceof CurfewError)) throw error;
  return {
    host: host.name,
    factsDigest: "",
    description: "",
    changes: [],
    activations: [],
    expectations: [],
    findings: [],
    coverage: [],
    uncaught: [],
    error: errorData(error),
  };
}
