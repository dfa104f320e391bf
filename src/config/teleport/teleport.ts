/**
 * Teleport's files in: teleport.yaml, and resources as `tctl get` prints them, YAML or JSON. Whatever is not one of
 * these is refused here with its place; what Teleport itself would refuse or drop is left for core/teleport to say.
 */
import { createHash } from "node:crypto";
import { isMap, isSeq } from "yaml";
import { didYouMean, nearest, shown } from "../../core/text/nearest.ts";
import type { SourcePosition } from "../../model/inventory/host.ts";
import {
  TELEPORT_KINDS,
  type TeleportDocument,
  type TeleportInput,
  type TeleportKind,
} from "../../model/access/teleport.ts";
import { inputError } from "../problem.ts";
import { decodeText, readTextFile } from "../text-file.ts";
import { findPair, parseYamlStream, scalarText, type YamlText } from "../yaml-text.ts";
import { entriesOf } from "./entries.ts";
import { OTHER_KINDS, SECTIONS } from "./known.ts";
import { refuseTerraform, refuseKubernetes } from "./others.ts";

/** The roles of a large cluster are some hundred kilobytes. */
const LARGEST = 4 * 1024 * 1024;

/** One file as it was read. */
export interface TeleportText {
  readonly file: string;
  readonly text: string;
}

/** A document with the YAML that it came from. */
export interface LocatedDocument {
  readonly document: TeleportDocument;
  readonly yaml: YamlText;
  /** The map of the document in that YAML. */
  readonly node: unknown;
}

/** Reads the files; `-` is standard input. Errors: CurfewError `input`, `file:line:column: …`. */
export async function readTeleportTexts(
  files: readonly string[],
  input: () => Promise<string>,
): Promise<readonly TeleportText[]> {
  const texts: TeleportText[] = [];
  for (const file of new Set(files)) {
    const text = file === "-" ? fromInput(await input()) : await readTextFile(file, FORM);
    texts.push({ file: file === "-" ? STDIN : file, text });
  }
  return texts;
}

const STDIN = "standard input";
const FORM = { maxBytes: LARGEST, what: "Teleport configuration" };

/** The terminal has decoded it already, so what was not UTF-8 is a replacement character by now. */
function fromInput(text: string): string {
  const position = { file: STDIN };
  if (text.length > LARGEST)
    throw inputError([{ position, message: `the ${FORM.what} is larger than ${LARGEST / 1024} KiB` }]);
  if (text.includes("\ufffd"))
    throw inputError([{ position, message: `the ${FORM.what} is not a text file in UTF-8` }]);
  return decodeText(STDIN, Buffer.from(text), FORM);
}

/**
 * What the files say. Errors: CurfewError `input` for what is not Teleport's, for a resource given twice, and where none
 * of the files has a word about sessions.
 */
export function parseTeleport(texts: readonly TeleportText[]): TeleportInput {
  const ignored = new Set<string>();
  const located = texts.flatMap((text) => locateDocuments(text, ignored));
  const documents = located.map(({ document }) => document);
  refuseTwins(documents);
  if (documents.length === 0) {
    const [first = { file: STDIN }] = texts;
    const kinds = ignored.size === 0 ? "" : `, only ${[...ignored].join(", ")}`;
    throw inputError(
      [
        {
          position: { file: first.file, line: 1, column: 1 },
          message: `nothing about idle sessions is in it${kinds}`,
        },
      ],
      "give teleport.yaml, or the output of tctl get netconfig,cap,roles",
    );
  }
  const hash = createHash("sha256");
  for (const { file, text } of texts) hash.update(`${file}\n${text.length}\n${text}`);
  return {
    files: texts.map(({ file }) => file),
    digest: hash.digest("hex"),
    documents,
    ignored: [...ignored],
  };
}

/** The documents of one file; kinds that do not matter here are added to `ignored`. Errors as parseTeleport. */
export function locateDocuments({ file, text }: TeleportText, ignored: Set<string>): LocatedDocument[] {
  refuseTerraform(file, text);
  return parseYamlStream(file, text).flatMap((yaml) =>
    nodesOf(yaml).flatMap((node) => {
      const kind = kindOf(yaml, node, ignored);
      return kind === undefined ? [] : [{ document: documentOf(kind, yaml, node), yaml, node }];
    }),
  );
}

/** `tctl get --format=json` prints a list. */
function nodesOf(yaml: YamlText): readonly unknown[] {
  const { contents } = yaml.document;
  const top = yaml.resolve(contents);
  if (isSeq(top)) return top.items.map((item) => yaml.resolve(item));
  return contents === null || scalarText(top) === "" ? [] : [top];
}

function kindOf(yaml: YamlText, node: unknown, ignored: Set<string>): TeleportKind | undefined {
  const refuse = (at: unknown, message: string) => inputError([{ position: yaml.positionOf(at), message }]);
  if (!isMap(node))
    throw refuse(node, "a Teleport file is a mapping: teleport.yaml, or resources of tctl get");
  refuseKubernetes(yaml, node);
  const pair = findPair(node, "kind");
  if (pair === undefined) return fileKind(yaml, node);
  const kind = scalarText(yaml.resolve(pair.value)) ?? "";
  const resources = TELEPORT_KINDS.slice(1);
  const found = resources.find((known) => known === kind);
  if (found !== undefined) return found;
  const meant = OTHER_KINDS.has(kind) ? undefined : nearest(kind, resources);
  if (meant === undefined && /^[a-z][a-z0-9_]*$/u.test(kind)) {
    ignored.add(kind);
    return undefined;
  }
  throw refuse(
    pair.value ?? pair.key,
    `${shown(kind)} is not a kind of Teleport${didYouMean(kind, resources)}`,
  );
}

/** teleport.yaml is known by its sections; a wrong one beside a right one is Teleport's to refuse. */
function fileKind(yaml: YamlText, node: unknown): "teleport.yaml" {
  const pairs = isMap(node) ? node.items : [];
  const keys = pairs.map(({ key }) => scalarText(key) ?? "");
  if (keys.some((key) => SECTIONS.includes(key) && key !== "version")) return "teleport.yaml";
  const wrong = keys.findIndex((key) => nearest(key, SECTIONS) !== undefined && key !== "version");
  const [at, hint] =
    wrong < 0
      ? [node, ""]
      : [pairs[wrong]?.key, `: ${shown(keys[wrong] ?? "")}${didYouMean(keys[wrong] ?? "", SECTIONS)}`];
  const message = `neither a resource (kind) nor teleport.yaml (auth_service, proxy_service, …)${hint}`;
  throw inputError([{ position: yaml.positionOf(at), message }]);
}

function documentOf(kind: TeleportKind, yaml: YamlText, node: unknown): TeleportDocument {
  const entries = entriesOf(yaml, node);
  const named = entries.find(({ path }) => path.join(".") === "metadata.name")?.text ?? "";
  return { kind, name: kind === "teleport.yaml" ? "" : named, at: yaml.positionOf(node), entries };
}

function refuseTwins(documents: readonly TeleportDocument[]): void {
  const first = new Map<string, SourcePosition>();
  for (const { kind, name, at } of documents) {
    const what = kind === "role" || kind === "scoped_role" ? `${kind} ${shown(name)}` : kind;
    const earlier = first.get(what);
    if (earlier !== undefined) {
      const message = `${what} is given twice, first at ${earlier.file}:${earlier.line ?? 1}; which of them holds is unknown`;
      throw inputError([{ position: at, message }]);
    }
    first.set(what, at);
  }
}
