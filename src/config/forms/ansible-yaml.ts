/** Ansible's YAML inventory, which is curfew's own as well: groups with hosts, children and vars. */
import { Scalar, type YAMLMap, isMap, isScalar, isSeq } from "yaml";
import { didYouMean, shown } from "../../core/text/nearest.ts";
import type { SourcePosition } from "../../model/inventory/host.ts";
import { expandHosts } from "./host-range.ts";
import { yamlBoolean, yamlLiteral } from "./python-literal.ts";
import {
  type GroupEntry,
  type InventoryData,
  type Variable,
  type Variables,
  addGroup,
  addHost,
} from "../variables/data.ts";
import { inputError } from "../problem.ts";
import { type YamlText, keyText, parseYaml, scalarText } from "../yaml-text.ts";

/** Deeper than any honest inventory; an alias inside its own anchor has no end. */
const DEEPEST = 50;

/**
 * Pours a YAML inventory into `data` (ansible.builtin.yaml): every top-level group, `hosts` keys
 * with ranges and `:port`, merge keys and aliases. Stricter than Ansible where it would skip with
 * a warning: an unknown key in a group is an error, since the hosts under it would be missing.
 * Errors: CurfewError `input` for bad YAML; everything else goes to `data.errors`.
 */
export function readAnsibleYaml(data: InventoryData, file: string, text: string): void {
  const yaml = parseYaml(file, text);
  const root = yaml.resolve(yaml.document.contents);
  const walk = walkOf(data, yaml, text);
  if (!isMap(root)) {
    complain(walk, root, "expected groups with hosts, children and vars");
    return;
  }
  for (const { key, name, value } of entries(walk, root)) readGroup(walk, name, key, value);
}

/**
 * Pours a YAML mapping of variables into a set (a group_vars or host_vars file).
 * Errors as readAnsibleYaml.
 */
export function readVariablesFile(data: InventoryData, file: string, text: string, into: Variables): void {
  const yaml = parseYaml(file, text);
  const root = yaml.resolve(yaml.document.contents);
  const walk = walkOf(data, yaml, text);
  if (isMap(root)) readVariables(walk, root, into);
  else if (!isEmpty(root)) complain(walk, root, "expected variables, one per line as name: value");
}

interface Walk {
  readonly data: InventoryData;
  readonly yaml: YamlText;
  readonly depth: number;
  /** How many entries may still be read: a few aliases inside each other stand for millions. */
  readonly left: { entries: number };
}

/** What a text of this length holds as it is, and what honest aliases bring in once more. */
function walkOf(data: InventoryData, yaml: YamlText, text: string): Walk {
  return { data, yaml, depth: 0, left: { entries: 200_000 + text.length } };
}

const GROUP_KEYS = ["hosts", "children", "vars"];

function readGroup(walk: Walk, name: string, key: unknown, value: unknown): void {
  const group = addGroup(walk.data, name, walk.yaml.positionOf(key));
  const node = walk.yaml.resolve(value);
  if (isEmpty(node)) return;
  if (walk.depth > DEEPEST) return complain(walk, key, `group ${shown(name)} is nested too deeply`);
  if (!isMap(node)) return complain(walk, value, `group ${shown(name)}: expected hosts, children or vars`);
  for (const section of entries(walk, node)) {
    if (!GROUP_KEYS.includes(section.name)) {
      const advice = didYouMean(section.name, GROUP_KEYS);
      complain(walk, section.key, `unknown key ${shown(section.name)} in group ${shown(name)}${advice}`);
      continue;
    }
    const content = walk.yaml.resolve(section.value);
    if (isMap(content)) readSection(walk, group, section.name, content);
    else if (!isEmpty(content)) readWord(walk, name, section.name, section.value);
  }
}

function readSection(walk: Walk, group: GroupEntry, kind: string, content: YAMLMap): void {
  if (kind === "vars") return readVariables(walk, content, group.inline);
  for (const entry of entries(walk, content)) {
    if (kind === "hosts") readHosts(walk, group.name, entry.name, entry.key, entry.value);
    else readChild(walk, group.name, entry.name, entry.key, entry.value);
  }
}

/** `hosts: web1` is allowed for `hosts: {web1: }` (Ansible's yaml plugin); a list is not. */
function readWord(walk: Walk, group: string, kind: string, value: unknown): void {
  const word = scalarText(walk.yaml.resolve(value));
  if (word === undefined || kind === "vars") {
    const form = isSeq(walk.yaml.resolve(value)) ? ", each name followed by a colon instead of a dash" : "";
    return complain(walk, value, `${kind} of group ${shown(group)}: expected a mapping${form}`);
  }
  if (kind === "hosts") readHosts(walk, group, word, value, undefined);
  else readChild(walk, group, word, value, undefined);
}

function readChild(walk: Walk, parent: string, name: string, key: unknown, value: unknown): void {
  readGroup({ ...walk, depth: walk.depth + 1 }, name, key, value);
  const children = walk.data.groups.get(parent)?.children;
  if (children?.has(name) === false) children.set(name, walk.yaml.positionOf(key));
}

function readHosts(walk: Walk, group: string, pattern: string, key: unknown, value: unknown): void {
  const position = walk.yaml.positionOf(key);
  const expansion = expandHosts(pattern);
  if ("error" in expansion) return void walk.data.errors.push({ position, message: expansion.error });
  const node = walk.yaml.resolve(value);
  if (!isMap(node) && !isEmpty(node))
    return complain(walk, value, `host ${shown(pattern)}: expected variables`);
  const variables: Variables = new Map();
  if (isMap(node)) readVariables(walk, node, variables);
  for (const name of expansion.names) {
    const { inline } = addHost(walk.data, name, group, position, expansion.port);
    for (const [variableName, content] of variables) inline.set(variableName, content);
  }
}

function readVariables(walk: Walk, map: YAMLMap, into: Variables): void {
  for (const { name, value } of entries(walk, map)) {
    into.set(name, readVariable(walk, value));
  }
}

/** A fleet has many variables and few of them are looked at: what costs time waits until then. */
function readVariable({ yaml }: Walk, written: unknown): Variable {
  const node = yaml.resolve(written);
  const text = isEmpty(node) ? "" : scalarText(node);
  const tag = isScalar(node) ? node.tag : undefined;
  const encrypted = tag === "!vault" || text?.startsWith("$ANSIBLE_VAULT;") === true;
  return {
    text,
    reads: text === undefined ? undefined : misread(node, text),
    encrypted,
    literal: tag === "!unsafe",
    get position(): SourcePosition {
      return yaml.positionOf(written);
    },
    get value(): unknown {
      if (text !== undefined) return isPlain(node) ? yamlBoolean(text) : undefined;
      return isMisread(yaml, node) ? undefined : yaml.plain(node);
    },
  };
}

/** YAML 1.1, as Ansible reads it, where that is something else than what is written. */
function misread(node: unknown, text: string): string | undefined {
  return isPlain(node) ? yamlLiteral(text)?.reads : undefined;
}

function isPlain(node: unknown): boolean {
  return (
    isScalar(node) && node.type === Scalar.PLAIN && (node.tag === undefined || !node.tag.endsWith("str"))
  );
}

/** Whether anything in a list or a mapping is read otherwise than it is written, booleans apart. */
function isMisread(yaml: YamlText, whole: unknown): boolean {
  const seen = new Set<unknown>();
  const waiting: unknown[] = [whole];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const inner = yaml.resolve(node);
    if (inner === undefined || seen.has(inner)) continue;
    seen.add(inner);
    const text = scalarText(inner);
    if (text !== undefined && misread(inner, text) !== undefined) return true;
    if (isSeq(inner)) waiting.push(...inner.items);
    else if (isMap(inner)) for (const { value } of inner.items) waiting.push(value);
  }
  return false;
}

interface Entry {
  readonly name: string;
  readonly key: unknown;
  readonly value: unknown;
}

/** The pairs of a map; what `<<` brings in comes first, so that the map's own pairs win. */
function entries(walk: Walk, map: YAMLMap, depth = 0): Entry[] {
  const own: Entry[] = [];
  const merged: Entry[] = [];
  walk.left.entries -= map.items.length;
  if (walk.left.entries < 0) {
    const message = "the aliases in this file stand for too much, write the values out";
    throw inputError([{ position: walk.yaml.positionOf(map), message }]);
  }
  for (const pair of map.items) {
    const name = keyText(pair);
    if (name !== "<<") own.push({ name, key: pair.key, value: pair.value });
    else if (depth < DEEPEST)
      for (const entry of mergedEntries(walk, pair.value, depth + 1)) merged.push(entry);
  }
  if (merged.length === 0) return own;
  const names = new Set(own.map(({ name }) => name));
  return [...merged.filter(({ name }) => !names.has(name)), ...own];
}

/** Of several merged maps the first one wins (YAML merge key type), so they are read backwards. */
function mergedEntries(walk: Walk, value: unknown, depth: number): Entry[] {
  const node = walk.yaml.resolve(value);
  if (isMap(node)) return entries(walk, node, depth);
  const sources = isSeq(node) ? node.items.toReversed() : [];
  return sources.flatMap((source) => {
    const inner = walk.yaml.resolve(source);
    return isMap(inner) ? entries(walk, inner, depth) : [];
  });
}

function isEmpty(node: unknown): boolean {
  return node === undefined || node === null || (isScalar(node) && node.value === null);
}

function complain(walk: Walk, node: unknown, message: string): void {
  walk.data.errors.push({ position: walk.yaml.positionOf(node), message });
}
