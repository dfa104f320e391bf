import type { Seconds } from "../../model/terms/duration.ts";
import type { TeleportDocument } from "../../model/access/teleport.ts";
import { nearest } from "../text/nearest.ts";
import { clusterLimits, type Limit, limitOf, strictestLimit } from "./effective.ts";
import { placeText } from "./placed.ts";
import { settingOf } from "./places.ts";

/** One value that was weighed. */
export interface WeighedLimit {
  /** `cluster`, or the role's name. */
  readonly who: string;
  /** As written, or the seconds it stands for; null: it sets none. */
  readonly seconds: Seconds | null;
  readonly text: string;
  /** `auth_service (teleport.yaml:6)`; empty where it is not among the files. */
  readonly place: string;
  /** False where the value is not known: the role was not given, or Teleport takes no such value. */
  readonly known: boolean;
}

/** What holds for somebody with these roles. */
export interface TeleportExplanation {
  readonly user: string;
  readonly roles: readonly string[];
  /** The strictest of what is known; null where nothing that is known sets a limit. */
  readonly limit: WeighedLimit | null;
  readonly weighed: readonly WeighedLimit[];
  /** What will hold once the auth server starts again, where that is another; null: no limit. */
  readonly afterStart: WeighedLimit | null | undefined;
  /** Which place ends sessions of expired certificates; undefined: none that is known. */
  readonly certificate: string | undefined;
  /** `known`, or that something which may be stricter is not. */
  readonly outcome: "known" | "unknown";
}

/** The effective idle timeout behind Teleport and where it comes from. Pure. */
export function explainTeleport(
  user: string,
  roles: readonly string[],
  documents: readonly TeleportDocument[],
): TeleportExplanation {
  const { now, later } = clusterLimits(documents);
  const own = roles.map((name) => roleLimit(name, documents));
  const pick = (cluster: Limit | undefined): WeighedLimit | null => {
    const best = strictestLimit([cluster, ...own]);
    if (best === undefined) return null;
    return weigh(best === cluster ? "cluster" : best.document.name, best);
  };
  const weighed = [weigh("cluster", now), ...roles.map((name, index) => weigh(name, own[index], documents))];
  const [limit, after] = [pick(now), pick(later)];
  // A value that Teleport refuses keeps it from starting at all.
  const changes = later?.seconds !== undefined && limit?.seconds !== after?.seconds;
  return {
    user,
    roles,
    limit,
    weighed,
    afterStart: changes ? after : undefined,
    certificate: certificatePlace(roles, documents),
    outcome: weighed.every(({ known }) => known) ? "known" : "unknown",
  };
}

function roleLimit(name: string, documents: readonly TeleportDocument[]): Limit | undefined {
  const document = documents.find((each) => each.kind === "role" && each.name === name);
  return document && limitOf(document);
}

function weigh(
  who: string,
  limit: Limit | undefined,
  documents: readonly TeleportDocument[] = [],
): WeighedLimit {
  if (limit === undefined) {
    const names = documents.filter(({ kind }) => kind === "role").map(({ name }) => name);
    const meant = nearest(who, names);
    const guess = meant === undefined || who === "cluster" ? "" : `, did you mean "${meant}"?`;
    return { who, seconds: null, text: `not among the files${guess}`, place: "", known: false };
  }
  const place = placeText(limit);
  const text = limit.entry?.text ?? "";
  if (limit.seconds === undefined)
    return { who, seconds: null, text: `${text}, which Teleport refuses`, place, known: false };
  if (limit.seconds > 0) return { who, seconds: limit.seconds, text, place, known: true };
  return { who, seconds: null, text: text === "" ? "sets none" : `${text}, sets none`, place, known: true };
}

/** The cluster or any role is enough. */
function certificatePlace(
  roles: readonly string[],
  documents: readonly TeleportDocument[],
): string | undefined {
  const counted = documents.filter(({ kind, name }) => kind !== "role" || roles.includes(name));
  for (const document of counted) {
    const entry = settingOf(document, "certificate");
    if (/^(?:true|yes|on)$/iu.test(entry?.text ?? ""))
      return placeText({ document, entry, seconds: undefined });
  }
  return undefined;
}
