/** `curfew verify`: real sessions on every host, those that must be dropped and those that must be kept. */
import PQueue from "p-queue";
import { verifyOutcome } from "../core/verdict/outcome.ts";
import type { Connection } from "../model/inventory/connection.ts";
import { CurfewError, errorData } from "../model/terms/error.ts";
import type { Host } from "../model/inventory/host.ts";
import type { HostVerification } from "../model/change/run.ts";
import type { Fleet, RunContext } from "./run/context.ts";
import { decide, login, refuseArmed } from "./plan.ts";
import { openProbes, prepareProbes, type PreparedProbes, type VerifyOptions } from "./verify-host.ts";

/** Work that is bounded for the whole run. */
export interface Lanes {
  /** Logins with their facts. */
  readonly preparing: PQueue;
  /** Logins of sessions. */
  readonly logins: PQueue;
}

export function createLanes({ concurrency }: Pick<RunContext, "concurrency">): Lanes {
  return {
    preparing: new PQueue({ concurrency }),
    logins: new PQueue({ concurrency: Math.max(8, concurrency) }),
  };
}

/**
 * Probes every host of the fleet. Preparation and logins are bounded by `context.concurrency`; the waits
 * are not, since a thousand sleeping sessions cost next to nothing. Results in the order of the fleet;
 * a host that cannot be probed has an `error`. Never rejects for the sake of one host.
 */
export async function verifyFleet(
  fleet: Fleet,
  options: VerifyOptions,
  context: RunContext,
  elsewhere?: (host: Host) => Promise<HostVerification>,
): Promise<HostVerification[]> {
  const lanes = createLanes(context);
  return Promise.all(
    fleet.hosts.map(async (host) => {
      const verification =
        elsewhere === undefined
          ? await verifyHost(host, fleet, options, context, lanes)
          : await elsewhere(host).catch((error: unknown) => failed(host, error));
      const outcome = verifyOutcome(verification);
      const message = verification.error === undefined ? {} : { message: verification.error.message };
      context.emit({ type: "host-finished", at: context.clock(), host: host.name, outcome, ...message });
      return verification;
    }),
  );
}

/** One host, whoever asks for it. Never rejects; `fleet.hosts` are not looked at. */
export async function verifyHost(
  host: Host,
  fleet: Fleet,
  options: VerifyOptions,
  context: RunContext,
  lanes: Lanes,
): Promise<HostVerification> {
  const opened: { connection?: Connection } = {};
  const verification = await run().catch((error: unknown) => failed(host, error));
  opened.connection?.close();
  return verification;

  async function run(): Promise<HostVerification> {
    const prepared = await lanes.preparing.add(prepare);
    return openProbes(prepared, context, lanes.logins);
  }

  async function prepare(): Promise<PreparedProbes> {
    if (context.stopping.aborted)
      throw new CurfewError("interrupted", "interrupted before this host was probed");
    const connection = await login(host, context);
    opened.connection = connection;
    const decision = await decide(connection, fleet, context);
    refuseArmed(decision.facts, host.name);
    return prepareProbes(connection, decision, options, context);
  }
}

function failed(host: Host, error: unknown): HostVerification {
  return { host: host.name, probes: [], findings: [], error: errorData(error) };
}
