/** Which idle timeout holds for somebody behind Teleport: the strictest of the cluster's and of all roles. Pure. */
import type { TeleportDocument, TeleportEntry } from "../../model/access/teleport.ts";
import { readTeleportDuration } from "./duration.ts";
import { isAuthServer, networkingKeys, settingOf } from "./places.ts";

/** A value with where it stands. `seconds` 0: no limit; undefined: the value is none that Teleport takes. */
export interface Limit {
  readonly document: TeleportDocument;
  readonly entry: TeleportEntry | undefined;
  readonly seconds: number | undefined;
}

/** What one document says; below zero counts as not set, as Teleport has it. */
export function limitOf(document: TeleportDocument): Limit {
  const entry = settingOf(document, "idle");
  if (entry === undefined) return { document, entry, seconds: 0 };
  const read = readTeleportDuration(entry, document.kind === "teleport.yaml" ? "file" : "resource");
  return { document, entry, seconds: "seconds" in read ? Math.max(0, read.seconds) : undefined };
}

/** What is known of the cluster's value. */
export interface ClusterLimits {
  /** In force now: the resource's where it is known, else the file's. Undefined where neither was given. */
  readonly now: Limit | undefined;
  /** The same after the next start of the auth server. */
  readonly later: Limit | undefined;
  /** The keys by which the file takes the whole resource at each start. */
  readonly takenBy: readonly TeleportEntry[];
}

export function clusterLimits(documents: readonly TeleportDocument[]): ClusterLimits {
  const file = documents.find((document) => document.kind === "teleport.yaml" && isAuthServer(document));
  const resource = documents.find(({ kind }) => kind === "cluster_networking_config");
  const takenBy = file === undefined ? [] : networkingKeys(file);
  const [fromFile, fromResource] = [file && limitOf(file), resource && limitOf(resource)];
  return {
    now: fromResource ?? fromFile,
    later: takenBy.length > 0 ? fromFile : (fromResource ?? fromFile),
    takenBy,
  };
}

/** The strictest that is a limit; undefined where none is. Each role can only lower it. */
export function strictestLimit(limits: readonly (Limit | undefined)[]): Limit | undefined {
  let best: Limit | undefined;
  for (const limit of limits) {
    if (limit === undefined || (limit.seconds ?? 0) <= 0) continue;
    if (best === undefined || (limit.seconds ?? 0) < (best.seconds ?? 0)) best = limit;
  }
  return best;
}
