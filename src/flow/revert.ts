import { planRevert } from "../core/plan/revert.ts";
import type { Connection } from "../model/inventory/connection.ts";
import type { Facts } from "../model/facts/facts.ts";
import type { Host } from "../model/inventory/host.ts";
import type { HostResult } from "../model/change/run.ts";
import { changeHost } from "./guard/change-host.ts";
import type { RunContext } from "./run/context.ts";
import { gatherFacts } from "./gather.ts";
import { login } from "./plan.ts";
import { afterOverdue } from "./guard/settle-overdue.ts";
import { type WaveOptions, inWaves } from "./guard/waves.ts";

/** Every host back to how it was before curfew: same guard, same confirmation by a new login. */
export async function revertFleet(
  hosts: readonly Host[],
  options: WaveOptions,
  context: RunContext,
): Promise<HostResult[]> {
  return inWaves(
    hosts,
    options,
    async (host) => {
      const connection = await login(host, context);
      try {
        return await revertHost(connection, options, context);
      } finally {
        connection.close();
      }
    },
    context,
  );
}

async function revertHost(
  connection: Connection,
  options: WaveOptions,
  context: RunContext,
): Promise<HostResult> {
  const host = connection.host.name;
  context.emit({ type: "host-step", at: context.clock(), host, step: "reading-facts" });
  const gather = async (): Promise<{ facts: Facts }> => ({
    facts: await gatherFacts(connection, [], {
      signal: context.aborting,
      controls: context.controls,
      people: false,
      now: context.now(),
      token: context.token(),
    }),
  });
  return afterOverdue(
    connection,
    gather,
    ({ facts }) => takeOff(connection, facts, options, context),
    context,
  );
}

async function takeOff(
  connection: Connection,
  facts: Facts,
  options: WaveOptions,
  context: RunContext,
): Promise<HostResult> {
  const { changes, activations, notes } = planRevert(facts, context.controls);
  if (facts.curfew.originals.length === 0 && changes.length === 0) {
    return { host: connection.host.name, outcome: "unchanged", message: "curfew has not changed this host" };
  }
  const change = {
    token: context.token(),
    owner: options.owner,
    reason: "revert",
    confirmWithinSeconds: options.confirmWithinSeconds,
    changes,
    activations,
    expectations: [],
    written: {},
    leaving: true,
  };
  const result = await changeHost(connection, facts, change, context);
  const message = [result.message, ...notes].filter((part) => part !== undefined).join("; ");
  return message === "" ? result : { ...result, message };
}
