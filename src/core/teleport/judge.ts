/**
 * Teleport's settings judged: whether they stand where Teleport reads them, are values that it takes, are in force, and
 * are strict enough. The main file of the room. Everything here rests on files, so a pass is *configured*. Pure.
 */
import { formatDuration } from "../../model/terms/duration.ts";
import type { PlacedFinding, TeleportDocument, TeleportLimits } from "../../model/access/teleport.ts";
import { certificateFindings } from "./certificate.ts";
import { clusterLimits, type ClusterLimits, type Limit, limitOf, strictestLimit } from "./effective.ts";
import { formFindings } from "./form.ts";
import { PLACES, settingOf } from "./places.ts";
import { placed, placeText } from "./placed.ts";

/** In the order of the files. */
export function judgeTeleport(
  documents: readonly TeleportDocument[],
  limits: TeleportLimits,
): readonly PlacedFinding[] {
  const cluster = clusterLimits(documents);
  const files = [...new Set(documents.map(({ at }) => at.file))];
  const found = [
    ...documents.flatMap(formFindings),
    ...documents.flatMap((document) => clusterFindings(document, cluster, limits)),
    ...documents.flatMap((document) => roleFindings(document, cluster)),
    ...mappedFindings(documents, cluster, limits),
    ...withoutCluster(documents, cluster, limits),
    ...lastingFindings(cluster),
    ...certificateFindings(documents),
  ];
  const order = ({ at }: PlacedFinding) =>
    files.indexOf(at.file) * 1e9 + (at.line ?? 0) * 1e3 + (at.column ?? 0);
  return found.toSorted((left, right) => order(left) - order(right));
}

/** The value of one place for the whole cluster: it has to be there, and within the limit. */
function clusterFindings(
  document: TeleportDocument,
  { now, later }: ClusterLimits,
  { cluster, rolesOnly }: TeleportLimits,
): PlacedFinding[] {
  if (now?.document !== document && later?.document !== document) return [];
  const limit = limitOf(document);
  // What is wrong with the value itself is said already.
  if (rolesOnly || limit.seconds === undefined) return [];
  const expected =
    cluster === undefined ? "an idle timeout for the whole cluster" : `at most ${formatDuration(cluster)}`;
  const holds = limit.seconds > 0 && (cluster === undefined || limit.seconds <= cluster);
  const at = limit.entry?.valueAt ?? document.at;
  const subject = PLACES[document.kind].idle;
  return [
    placed(at, "teleport-limit", {
      subject,
      expected,
      actual: limitText(limit),
      outcome: holds ? "pass" : "fail",
    }),
  ];
}

/** `15m`, or why there is none. */
function limitText({ entry, seconds, document }: Limit): string {
  if ((seconds ?? 0) > 0) return entry?.text ?? "";
  if (entry !== undefined) return `${entry.text ?? ""}, which switches the limit off`;
  const web =
    document.kind === "teleport.yaml" &&
    document.entries.some(({ path }) => path.at(-1) === "web_idle_timeout");
  return web
    ? "no limit: it is not set, and web_idle_timeout is for the pages of the web UI only"
    : "no limit: it is not set, and Teleport's default is none";
}

/** A role only ever lowers the cluster's value: a longer one, or never, does nothing. */
function roleFindings(document: TeleportDocument, { later }: ClusterLimits): PlacedFinding[] {
  const entry = document.kind === "role" ? settingOf(document, "idle") : undefined;
  const role = limitOf(document);
  const cluster = strictestLimit([later]);
  if (entry === undefined || role.seconds === undefined || cluster === undefined) return [];
  const believes = role.seconds > (cluster.seconds ?? 0) || (role.seconds === 0 && entry.text === "never");
  if (!believes) return [];
  const actual = `${entry.text ?? ""}, which loosens nothing: ${cluster.entry?.text ?? ""} of ${placeText(cluster)} still holds`;
  const expected = "a role's value below the cluster's, or none";
  const subject = `role ${document.name}`;
  return [
    placed(entry.valueAt, "teleport-loosens", {
      subject,
      expected,
      actual,
      outcome: "fail",
      role: document.name,
    }),
  ];
}

/** The Teleport roles that the policy names, each with the strictest that holds for it by these files. */
function mappedFindings(
  documents: readonly TeleportDocument[],
  { later }: ClusterLimits,
  { roles }: TeleportLimits,
): PlacedFinding[] {
  return [...roles].flatMap(([name, { limit, role }]) => {
    const document = documents.find((each) => each.kind === "role" && each.name === name);
    const own = document && limitOf(document);
    const anywhere = document ?? later?.document;
    if (anywhere === undefined || (own !== undefined && own.seconds === undefined)) return [];
    const best = strictestLimit([later, own]);
    const holds = best !== undefined && (best.seconds ?? 0) <= limit;
    const missing =
      document === undefined
        ? `role ${name} is not among the files`
        : "neither the role nor the cluster has one";
    const actual =
      best === undefined ? `no limit: ${missing}` : `${best.entry?.text ?? ""} of ${placeText(best)}`;
    const unknown = document === undefined && !holds;
    const said = unknown && best !== undefined ? `${actual}; ${missing}` : actual;
    return [
      placed(own?.entry?.valueAt ?? anywhere.at, "teleport-limit", {
        subject: `role ${name}`,
        role,
        expected: `at most ${formatDuration(limit)}`,
        actual: said,
        outcome: holds ? "pass" : unknown ? "unknown" : "fail",
      }),
    ];
  });
}

/** A limit was asked for and the cluster's value is not among the files: only a role that is strict itself holds. */
function withoutCluster(
  documents: readonly TeleportDocument[],
  { later }: ClusterLimits,
  { cluster, roles }: TeleportLimits,
): PlacedFinding[] {
  if (cluster === undefined || later !== undefined) return [];
  const given = documents.filter(({ kind }) => kind === "role");
  const judged = given.length === 0 ? documents.slice(0, 1) : given.filter(({ name }) => !roles.has(name));
  return judged.flatMap((document) => {
    const { entry, seconds } = limitOf(document);
    if (seconds === undefined) return [];
    const holds = seconds > 0 && seconds <= cluster;
    const own = seconds > 0 ? (entry?.text ?? "") : "none";
    return [
      placed(entry?.valueAt ?? document.at, "teleport-limit", {
        subject: given.length === 0 ? "the cluster" : `role ${document.name}`,
        expected: `at most ${formatDuration(cluster)}`,
        actual: holds ? own : `${own} here, and the cluster's value is not among the files`,
        outcome: holds ? "pass" : "unknown",
      }),
    ];
  });
}

/** A value of tctl that the file takes back at the next start. */
function lastingFindings({ now, later, takenBy }: ClusterLimits): PlacedFinding[] {
  const [key] = takenBy;
  if (now === undefined || later === undefined || key === undefined || now.document === later.document)
    return [];
  if (now.seconds === undefined || later.seconds === undefined) return [];
  const lost = now.seconds !== later.seconds;
  const after = later.seconds > 0 ? (later.entry?.text ?? "") : "no limit";
  const place = `${key.keyAt.file}:${key.keyAt.line ?? 1}`;
  const present = now.seconds > 0 ? (now.entry?.text ?? "") : "no limit";
  const actual = lost
    ? `${present} until the auth server starts again, then ${after}: ${key.path.join(".")} (${place}) makes the file rebuild this resource`
    : `${present} in both`;
  return [
    placed(now.entry?.valueAt ?? now.document.at, "teleport-lasting", {
      subject: PLACES[now.document.kind].idle,
      expected: "the value that teleport.yaml sets at each start",
      actual,
      outcome: lost ? "fail" : "pass",
    }),
  ];
}
