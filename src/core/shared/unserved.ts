import type { ErrorData } from "../../model/terms/error.ts";
import type { SharedProgress } from "../../model/record/shared-work.ts";
import { shown } from "../text/nearest.ts";
import { placeOf } from "./travel.ts";

/** Since when each zone has hosts that wait and no worker: milliseconds of the caller's clock. */
export type Unserved = ReadonlyMap<string, number>;

/** The same, brought up to date: a zone that a worker serves, or in which no host waits, is not in it. */
export function unservedZones(
  before: Unserved,
  { waiting, served }: Pick<SharedProgress, "waiting" | "served">,
  now: number,
): Unserved {
  const zones = [...waiting].filter(([zone, hosts]) => hosts > 0 && !served.has(zone));
  return new Map(zones.map(([zone]) => [zone, before.get(zone) ?? now]));
}

/** Zones whose wait is over. */
export function givenUpZones(unserved: Unserved, now: number, waitMs: number): string[] {
  return [...unserved].filter(([, since]) => now - since >= waitMs).map(([zone]) => zone);
}

/** What is said of each host of such a place: a zone, or what `changingPlace` makes of it. */
export function noWorker(place: string, version: string, waitedSeconds: number): ErrorData {
  const { zone, changing } = placeOf(place);
  const kind = changing ? "worker that changes hosts" : "worker";
  return {
    code: "unreachable",
    message: `no ${kind} of curfew ${version} served the zone ${shown(zone)} for ${waitedSeconds} s`,
    hint: `start one in that network: curfew worker ${changing ? "--apply " : ""}--zone ${zone}`,
  };
}

/** A host whose place in the queue is gone, or damaged so that it is not to be found. */
export const VANISHED: ErrorData = {
  code: "internal",
  message: "this host is no longer in the queue, and no worker has answered for it",
  hint: "run the command again; see who else changes the tables of the queue",
};

/** A host that every worker which took it was lost with, or that none could read. */
export const SPENT: ErrorData = {
  code: "internal",
  message: "every worker that took this host was lost while it worked on it, so no further one tries",
  hint: "see the logs of the workers; check this host without --shared",
};
