/** What a coordinator does with each look at its queue, whatever its hosts are there for. */
import { givenUpZones, noWorker, type Unserved, unservedZones } from "../../core/shared/unserved.ts";
import type { SharedProgress, SharedRun } from "../../model/record/shared-work.ts";
import type { RunContext } from "../run/context.ts";

/** What every run over many machines has. */
export interface WatchSetup {
  readonly version: string;
  /** Seconds that hosts wait for a worker in their zone. */
  readonly workerWait: number;
  readonly context: Pick<RunContext, "emit" | "clock" | "pause" | "stopping" | "aborting">;
}

/** A host that a worker was seen to have is a host in flight. */
export interface Watched {
  readonly name: string;
  seen: boolean;
}

/** `hostAt`: undefined where a position has its answer already. */
export function showActive(
  { active }: Pick<SharedProgress, "active">,
  hostAt: (position: number) => Watched | undefined,
  { context }: Pick<WatchSetup, "context">,
): void {
  for (const position of active) {
    const host = hostAt(position);
    if (host === undefined || host.seen) continue;
    host.seen = true;
    context.emit({ type: "host-step", at: context.clock(), host: host.name, step: "connecting" });
  }
}

/** Hosts whose place no worker has served for too long have that for an answer. Returns which places wait, and since when. */
export async function giveUpUnserved(
  run: Pick<SharedRun, "giveUp">,
  before: Unserved,
  progress: SharedProgress,
  { version, workerWait, context }: WatchSetup,
): Promise<Unserved> {
  const now = context.clock();
  const unserved = unservedZones(before, progress, now);
  for (const place of givenUpZones(unserved, now, workerWait * 1000)) {
    await run.giveUp({ zones: [place] }, noWorker(place, version, workerWait));
  }
  return unserved;
}
