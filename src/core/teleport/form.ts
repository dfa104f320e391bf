/** What Teleport would refuse, or drop without a word: keys in the wrong place, values of the wrong form. Pure. */
import type { PlacedFinding, TeleportDocument, TeleportEntry } from "../../model/access/teleport.ts";
import { didYouMean, shown } from "../text/nearest.ts";
import { readTeleportDuration } from "./duration.ts";
import {
  conceptOf,
  type Concept,
  ELSEWHERE,
  entryAt,
  isAuthServer,
  PLACES,
  settingOf,
  truthOf,
  VERSIONS,
} from "./places.ts";
import { placed } from "./placed.ts";

export function formFindings(document: TeleportDocument): PlacedFinding[] {
  if (document.kind === "scoped_role") return [unconfirmed(document)];
  return [
    ...document.entries.flatMap((entry) => misplaced(document, entry)),
    ...switchedOff(document),
    ...versionFindings(document),
    ...idleFindings(document),
    ...certificateValue(document),
    ...listenerMode(document),
  ];
}

function unconfirmed({ at, name }: TeleportDocument): PlacedFinding {
  return placed(at, "teleport-place", {
    subject: `scoped_role ${name}`,
    expected: "a resource whose form is known",
    actual: "a scoped role, whose limits curfew does not read; their effect is unknown",
    outcome: "unknown",
  });
}

const TITLES: Readonly<Record<Concept, string>> = {
  idle: "the idle timeout",
  message: "the message of the idle timeout",
  certificate: "the end of sessions with an expired certificate",
};

function misplaced({ kind }: TeleportDocument, entry: TeleportEntry): PlacedFinding[] {
  const concept = conceptOf(entry);
  const here = entry.path.join(".");
  if (concept === undefined || PLACES[kind][concept] === here) return [];
  const then =
    kind === "teleport.yaml"
      ? "where Teleport knows no such key and refuses to start"
      : "where Teleport drops it without a word";
  const expected = PLACES[kind][concept] ?? ELSEWHERE[concept];
  return [
    placed(entry.keyAt, "teleport-place", {
      subject: TITLES[concept],
      expected: `it as ${expected}`,
      actual: `${shown(here)}, ${then}`,
      outcome: "fail",
    }),
  ];
}

/** Only an auth server reads auth_service. */
function switchedOff(document: TeleportDocument): PlacedFinding[] {
  const entry = settingOf(document, "idle");
  if (document.kind !== "teleport.yaml" || entry === undefined || isAuthServer(document)) return [];
  return [
    placed(entry.keyAt, "teleport-place", {
      subject: TITLES.idle,
      expected: "it in the teleport.yaml of the auth server",
      actual: "auth_service.enabled is off here, so this machine does not use it",
      outcome: "fail",
    }),
  ];
}

function versionFindings(document: TeleportDocument): PlacedFinding[] {
  const versions = VERSIONS[document.kind];
  const entry = entryAt(document, "version");
  if (versions === undefined || (entry !== undefined && versions.includes(entry.text ?? ""))) return [];
  const text = entry?.text;
  return [
    placed(entry?.valueAt ?? document.at, "teleport-value", {
      subject: `version of the ${document.kind}`,
      expected: versions.join(", "),
      actual:
        text === undefined ? "none" : `${shown(text)}, which Teleport refuses${didYouMean(text, versions)}`,
      outcome: "fail",
    }),
  ];
}

function idleFindings(document: TeleportDocument): PlacedFinding[] {
  const entry = settingOf(document, "idle");
  if (entry === undefined) return [];
  const read = readTeleportDuration(entry, document.kind === "teleport.yaml" ? "file" : "resource");
  const [expected, actual] =
    "wrong" in read
      ? [
          read.write,
          `${read.wrong}, so Teleport refuses the ${document.kind === "teleport.yaml" ? "file" : "resource"}`,
        ]
      : ["a duration above zero", `${entry.text ?? ""}, which Teleport takes for not set`];
  if ("seconds" in read && read.seconds >= 0) return [];
  const subject = PLACES[document.kind].idle;
  return [placed(entry.valueAt, "teleport-value", { subject, expected, actual, outcome: "fail" })];
}

function certificateValue(document: TeleportDocument): PlacedFinding[] {
  const entry = settingOf(document, "certificate");
  if (entry === undefined || truthOf(document, entry) !== undefined) return [];
  const found = entry.form === "scalar" ? shown(entry.text ?? "") : `a ${entry.form}`;
  return [
    placed(entry.valueAt, "teleport-value", {
      subject: PLACES[document.kind].certificate,
      expected: `true or false${didYouMean(entry.text ?? "", ["true", "false", "yes", "no"])}`,
      actual: `${found}, which is neither`,
      outcome: "fail",
    }),
  ];
}

/** It stands beside the timeout, and a wrong one takes the whole resource with it. */
function listenerMode(document: TeleportDocument): PlacedFinding[] {
  const entry =
    document.kind === "cluster_networking_config" ? entryAt(document, "spec.proxy_listener_mode") : undefined;
  if (entry === undefined || (/^\d+$/u.test(entry.text ?? "") && !entry.quoted)) return [];
  return [
    placed(entry.valueAt, "teleport-value", {
      subject: "spec.proxy_listener_mode",
      expected: "a number in this resource: 0 for separate, 1 for multiplex",
      actual: shown(entry.text ?? entry.form),
      outcome: "fail",
    }),
  ];
}
