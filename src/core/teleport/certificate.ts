import type { PlacedFinding, TeleportDocument } from "../../model/access/teleport.ts";
import { entryAt, isAuthServer, PLACES, settingOf, truthOf } from "./places.ts";
import { placed } from "./placed.ts";

/**
 * Whether a session ends when its certificate expires. The cluster or any one role is enough, so the places for the
 * whole cluster are judged; where every role that was given asks for it, they do.
 */
export function certificateFindings(documents: readonly TeleportDocument[]): PlacedFinding[] {
  const roles = documents.filter(({ kind }) => kind === "role");
  const byRoles = roles.length > 0 && roles.every(isOn);
  return placesOf(documents).flatMap((document) => {
    const entry = settingOf(document, "certificate");
    const holds = isOn(document) || byRoles;
    // What is wrong with the value itself is said already.
    if (!holds && entry !== undefined && truthOf(document, entry) === undefined) return [];
    return [
      placed(entry?.valueAt ?? document.at, "teleport-certificate", {
        subject: PLACES[document.kind].certificate,
        expected: "true, so that a session ends with its certificate",
        actual: entry === undefined ? "not set, and the default is no" : (entry.text ?? ""),
        outcome: holds ? "pass" : "fail",
      }),
    ];
  });
}

/** The file where it has a say in it, else the resource, else the file without a word about it. */
function placesOf(documents: readonly TeleportDocument[]): TeleportDocument[] {
  const file = documents.find((document) => document.kind === "teleport.yaml" && isAuthServer(document));
  const resource = documents.find(({ kind }) => kind === "cluster_auth_preference");
  const says =
    file !== undefined &&
    (settingOf(file, "certificate") !== undefined ||
      entryAt(file, "auth_service.authentication") !== undefined);
  if (says || resource === undefined) return file === undefined ? [] : [file];
  return [resource];
}

function isOn(document: TeleportDocument): boolean {
  const entry = settingOf(document, "certificate");
  return entry !== undefined && truthOf(document, entry) === true;
}
