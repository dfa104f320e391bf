/** The policy's limits written into Teleport's own documents: one value each, everything else as it was. */
import { isAlias, isMap, isScalar, isSeq, Scalar, type YAMLMap } from "yaml";
import { limitOf } from "../../core/teleport/effective.ts";
import { entryAt, isAuthServer, PLACES } from "../../core/teleport/places.ts";
import { formatDuration, type Seconds } from "../../model/terms/duration.ts";
import type { SourcePosition } from "../../model/inventory/host.ts";
import type { TeleportDocument, TeleportLimits } from "../../model/access/teleport.ts";
import { inputError } from "../problem.ts";
import { findPair, type YamlText } from "../yaml-text.ts";
import { type LocatedDocument, locateDocuments, type TeleportText } from "./teleport.ts";

/** One document that the policy is about. */
export interface RenderedDocument {
  readonly at: SourcePosition;
  /** `cluster_networking_config spec.client_idle_timeout`. */
  readonly subject: string;
  readonly before: string;
  /** Null: it is as strict already, and stays. */
  readonly after: string | null;
  /** The whole document with the new value; empty where it stays. */
  readonly text: string;
  /** Whether teleport.yaml owns the resource, so that tctl's value is lost at the next start. */
  readonly owned: boolean;
}

/** Only a value that is looser than wanted is changed. Errors: CurfewError `input`. */
export function renderTeleport(texts: readonly TeleportText[], limits: TeleportLimits): RenderedDocument[] {
  return texts.flatMap((source) =>
    locateDocuments(source, new Set()).flatMap((located) => {
      const wanted = wantedFor(located.document, limits);
      return wanted === undefined ? [] : [renderDocument(source, located, wanted)];
    }),
  );
}

function wantedFor(document: TeleportDocument, { cluster, roles }: TeleportLimits): Seconds | undefined {
  if (document.kind === "role") return roles.get(document.name)?.limit;
  if (document.kind === "teleport.yaml") return isAuthServer(document) ? cluster : undefined;
  return document.kind === "cluster_networking_config" ? cluster : undefined;
}

function renderDocument({ text }: TeleportText, located: LocatedDocument, wanted: Seconds): RenderedDocument {
  const { document } = located;
  const { entry, seconds = 0 } = limitOf(document);
  const place = PLACES[document.kind].idle ?? "";
  const subject = `${document.kind} ${document.name === "" ? "" : `${document.name} `}${place}`;
  const owned = entryAt(document, "metadata.labels.teleport.dev/origin")?.text === "config-file";
  const before = entry?.text ?? "not set";
  const head = { at: entry?.valueAt ?? document.at, subject, before, owned };
  if (seconds > 0 && seconds <= wanted) return { ...head, after: null, text: "" };
  const after = formatDuration(wanted);
  const edit = editOf(located, place.split("."), after);
  const [start, end] = boundsOf(text, located);
  const patched = text.slice(start, edit.from) + edit.text + text.slice(edit.to, end);
  return { ...head, after, text: patched.endsWith("\n") ? patched : `${patched}\n` };
}

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Replaces the value at the path, or puts in what is missing of it. */
function editOf({ yaml, node }: LocatedDocument, path: readonly string[], value: string): Edit {
  let map = node;
  for (const [index, key] of path.entries()) {
    if (!isMap(map)) throw unpatchable(yaml, map);
    const pair = findPair(map, key);
    const rest = path.slice(index + 1);
    if (pair === undefined) return insertion(map, [key, ...rest], value, { yaml, node });
    const inner = pair.value;
    const empty = inner === null || (isScalar(inner) && inner.value === null);
    if (rest.length === 0 || empty) return replacement(pair.key, inner, rest, value, yaml);
    map = yaml.resolve(inner);
  }
  throw unpatchable(yaml, node);
}

function replacement(
  key: unknown,
  inner: unknown,
  rest: readonly string[],
  value: string,
  yaml: YamlText,
): Edit {
  const text = rest.length === 0 ? scalar(value, quotedLike(key)) : flow(rest, value, quotedLike(key));
  const ranged = isScalar(inner) || isAlias(inner) ? inner.range : undefined;
  if (ranged === undefined || ranged === null) throw unpatchable(yaml, inner);
  const [from, to] = ranged;
  // Behind a colon without a value there is not even a space.
  return { from, to, text: from === to ? ` ${text}` : text };
}

function insertion(
  map: YAMLMap,
  path: readonly string[],
  value: string,
  { yaml, node }: Pick<LocatedDocument, "yaml" | "node">,
): Edit {
  const [first] = map.items;
  const range = map.range;
  if (range === undefined || range === null) throw unpatchable(yaml, map);
  if (map.flow === true) {
    const quoted = quotedLike((first ?? (isMap(node) ? node.items[0] : undefined))?.key);
    const text = flow(path, value, quoted).slice(1, -1) + (first === undefined ? "" : ", ");
    return { from: range[0] + 1, to: range[0] + 1, text };
  }
  const column = (yaml.positionOf(first?.key).column ?? 1) - 1;
  const lines = path.map(
    (key, depth) => `${" ".repeat(column + depth * 2)}${key}:${depth === path.length - 1 ? ` ${value}` : ""}`,
  );
  const text = `${lines.join("\n").trimStart()}\n${" ".repeat(column)}`;
  return { from: range[0], to: range[0], text };
}

/** `{options: {client_idle_timeout: 15m}}` in the file's own way of quoting. */
function flow(path: readonly string[], value: string, quoted: boolean): string {
  const [key = "", ...rest] = path;
  const inner = rest.length === 0 ? scalar(value, quoted) : flow(rest, value, quoted);
  return `{${scalar(key, quoted)}: ${inner}}`;
}

function scalar(text: string, quoted: boolean): string {
  return quoted ? `"${text}"` : text;
}

function quotedLike(key: unknown): boolean {
  return isScalar(key) && key.type === Scalar.QUOTE_DOUBLE;
}

/** From behind the document's `---` to before the next one; one item of a list that tctl printed as JSON. */
function boundsOf(text: string, { yaml, node }: LocatedDocument): readonly [number, number] {
  const [from, to] = (isMap(node) && node.range) || [0, text.length];
  const top = yaml.document.contents;
  if (isSeq(top)) {
    if (top.flow === true) return [from, to];
    throw unpatchable(yaml, node);
  }
  const markers = [...text.matchAll(/^---[ \t]*(?:#.*)?(?:\r?\n|$)/gmu)];
  const before = markers.findLast(({ index }) => index < from);
  const after = markers.find(({ index }) => index >= to);
  const start = before === undefined ? 0 : before.index + before[0].length;
  return [start > from ? from : start, after?.index ?? text.length];
}

function unpatchable(yaml: YamlText, node: unknown): Error {
  const message = "curfew cannot put a value in here; write this part as tctl get prints it";
  return inputError([{ position: yaml.positionOf(node), message }]);
}
