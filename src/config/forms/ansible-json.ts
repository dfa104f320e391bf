/** The JSON that `ansible-inventory --list` and dynamic inventory scripts print. */
import { shown } from "../../core/text/nearest.ts";
import type { SourcePosition } from "../../model/inventory/host.ts";
import { type InventoryData, type Variable, type Variables, addGroup, addHost } from "../variables/data.ts";
import { expectVariables, type FormContext, type InventoryForm } from "./form.ts";
import { inputError } from "../problem.ts";

/** A text that opens with a brace; a YAML inventory may be written as JSON. */
export const jsonForm: InventoryForm = {
  by: "curfew",
  detect: ({ first }) => first.startsWith("{"),
  read: ({ file, text }, reading) => readJsonText(reading, file, text),
};

/** Errors: CurfewError `input` where it is no JSON. */
export async function readJsonText(reading: FormContext, file: string, text: string): Promise<void> {
  const { data } = reading;
  const document = parseJson(file, text);
  if (isListDocument(document)) return readAnsibleJson(data, file, text, document);
  expectVariables(reading);
  (await import("./ansible-yaml.ts")).readAnsibleYaml(data, file, text);
}

/**
 * Parses JSON text. Errors: CurfewError `input` with line and column of what is not JSON.
 */
function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const offset = errorOffset(text);
    const before = text.slice(0, offset).split("\n");
    const position = { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
    const excerpt = text.slice(offset).split("\n", 1)[0]?.trim() ?? "";
    throw inputError([{ position, message: `not valid JSON, at ${shown(excerpt)}` }]);
  }
}

/** Whether parsed JSON is a `--list` document and not a YAML inventory written as JSON. */
function isListDocument(value: unknown): value is Record<string, unknown> {
  if (!isRecord(value)) return false;
  if ("_meta" in value) return true;
  return Object.values(value).some(
    (group) =>
      Array.isArray(group) ||
      (isRecord(group) && (Array.isArray(group["hosts"]) || Array.isArray(group["children"]))),
  );
}

/**
 * Pours a `--list` document into `data`: groups with `hosts`, `children` and `vars`, or a plain
 * list of hosts, and the variables of hosts under `_meta.hostvars` ("Developing dynamic
 * inventory", Ansible documentation). `text` is only for positions: the document has none, so
 * they are those of the first place where a name stands. Errors go to `data.errors`.
 */
function readAnsibleJson(
  data: InventoryData,
  file: string,
  text: string,
  document: Record<string, unknown>,
): void {
  const walk: Walk = { data, file, locate: lazily(() => quotedNames(file, text)) };
  for (const [name, group] of Object.entries(document)) {
    if (name !== "_meta") readGroup(walk, name, group);
  }
  const meta = document["_meta"];
  const variables = isRecord(meta) && isRecord(meta["hostvars"]) ? meta["hostvars"] : {};
  for (const [name, values] of Object.entries(variables)) {
    const host = data.hosts.get(name);
    if (host !== undefined) readVariables(values, host.inline, host.position);
  }
}

/**
 * Where bad JSON goes wrong. The runtime does not always say, but a longer piece of the text is
 * bad for the same reason as a shorter one, so the first bad piece is found by halving.
 */
function errorOffset(text: string): number {
  let [good, bad] = [0, text.length + 1];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (isBeginning(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return Math.min(good, text.length);
}

/** Whether the piece is only cut off: complete, or an error at its very end. */
function isBeginning(piece: string): boolean {
  try {
    JSON.parse(piece);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    if (/end of JSON|Unterminated/u.test(message)) return true;
    return Number(/at position (\d+)/u.exec(message)?.[1] ?? -1) >= piece.length;
  }
}

interface Walk {
  readonly data: InventoryData;
  readonly file: string;
  readonly locate: (name: string) => SourcePosition;
}

function readGroup(walk: Walk, name: string, group: unknown): void {
  const { data, locate } = walk;
  const content = Array.isArray(group) ? { hosts: group } : group;
  const entry = addGroup(data, name, locate(name));
  if (!isRecord(content)) {
    data.errors.push({
      position: locate(name),
      message: `group ${shown(name)}: expected hosts, children or vars`,
    });
    return;
  }
  for (const host of names(walk, name, content["hosts"])) addHost(data, host, name, locate(host));
  for (const child of names(walk, name, content["children"])) {
    addGroup(data, child, locate(child));
    if (!entry.children.has(child)) entry.children.set(child, locate(child));
  }
  readVariables(content["vars"], entry.inline, entry.position);
}

function names(walk: Walk, group: string, list: unknown): string[] {
  if (list === undefined || list === null) return [];
  if (Array.isArray(list) && list.every((name) => typeof name === "string")) return list;
  const message = `group ${shown(group)}: hosts and children are lists of names`;
  walk.data.errors.push({ position: walk.locate(group), message });
  return [];
}

function readVariables(values: unknown, into: Variables, owner: SourcePosition): void {
  if (!isRecord(values)) return;
  for (const [name, value] of Object.entries(values)) {
    into.set(name, variable(value, owner));
  }
}

/** Ansible prints vault values as `{"__ansible_vault": "…"}`, and `!unsafe` ones likewise. */
function variable(value: unknown, position: SourcePosition): Variable {
  const encrypted = isRecord(value) && "__ansible_vault" in value;
  if (value === null || value === undefined) return { text: "", encrypted, position };
  if (isRecord(value) && typeof value["__ansible_unsafe"] === "string")
    return { text: value["__ansible_unsafe"], literal: true, encrypted, position };
  if (typeof value === "string") return { text: value, encrypted, position };
  const scalar = typeof value === "number" || typeof value === "boolean";
  return { text: scalar ? String(value) : undefined, value, encrypted, position };
}

/** Where each quoted text first stands. One pass over the document. */
function quotedNames(file: string, text: string): (name: string) => SourcePosition {
  const first = new Map<string, SourcePosition>();
  text.split("\n").forEach((line, index) => {
    for (const match of line.matchAll(/"((?:[^"\\]|\\.)*)"/gu)) {
      const name = match[1] ?? "";
      if (!first.has(name)) first.set(name, { file, line: index + 1, column: match.index + 1 });
    }
  });
  return (name) => first.get(JSON.stringify(name).slice(1, -1)) ?? { file };
}

function lazily(make: () => (name: string) => SourcePosition): (name: string) => SourcePosition {
  let made: ((name: string) => SourcePosition) | undefined;
  return (name) => {
    made ??= make();
    return made(name);
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
