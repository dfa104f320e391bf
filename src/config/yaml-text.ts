/** YAML with positions: one parse for the policy, YAML inventories and group_vars files. */
import {
  type Alias,
  type Document,
  LineCounter,
  type Node,
  type Pair,
  type ParsedNode,
  Scalar,
  type YAMLError,
  type YAMLMap,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseAllDocuments,
  parseDocument,
} from "yaml";
import { shown } from "../core/text/nearest.ts";
import { visible } from "../core/text/visible.ts";
import type { SourcePosition } from "../model/inventory/host.ts";
import { type Problem, inputError } from "./problem.ts";

/** A parsed document without syntax errors or duplicate keys. */
export interface YamlText {
  readonly document: Document.Parsed;
  /** The position of a node, or of the start of the file for nothing. */
  readonly positionOf: (node: unknown) => SourcePosition;
  /** What an alias stands for; every other node is itself. Undefined when the anchor is missing. */
  readonly resolve: (node: unknown) => Node | undefined;
  /** A node as plain data; undefined where it refers to itself or expands beyond measure. */
  readonly plain: (node: unknown) => unknown;
}

/**
 * Parses one YAML 1.2 document, every key as text. Without `quotes` no message repeats a line of the file.
 * Errors: CurfewError `input` with all syntax errors and duplicate keys of the file.
 */
export function parseYaml(file: string, text: string, { quotes = true } = {}): YamlText {
  const lineCounter = new LineCounter();
  const options = { ...OPTIONS, lineCounter };
  const document = parseOrRefuse(file, () => parseDocument<ParsedNode>(text, options));
  return checked(document, { file, text, lineCounter, quotes });
}

/** Every document of a stream (`---` between them), each as parseYaml; none where there is not one. Errors as parseYaml. */
export function parseYamlStream(file: string, text: string, { quotes = true } = {}): readonly YamlText[] {
  const lineCounter = new LineCounter();
  const options = { ...OPTIONS, lineCounter };
  const documents = parseOrRefuse(file, () => parseAllDocuments<ParsedNode>(text, options));
  if ("empty" in documents) return [];
  return documents.map((document) => checked(document, { file, text, lineCounter, quotes }));
}

interface YamlSource {
  readonly file: string;
  readonly text: string;
  readonly lineCounter: LineCounter;
  readonly quotes: boolean;
}

function checked(document: Document.Parsed, { file, text, lineCounter, quotes }: YamlSource): YamlText {
  const positionAt = (offset: number): SourcePosition => {
    const { line, col } = lineCounter.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const excerpt = (offset: number) =>
    quotes ? `, at ${shown(text.slice(offset).split("\n", 1)[0]?.trim() ?? "")}` : "";
  const problems: Problem[] = document.errors.filter(isCause).map((error) => ({
    position: positionAt(error.pos[0]),
    message: `not valid YAML: ${visible(causeOf(error))}${excerpt(error.pos[0])}`,
  }));
  if (problems.length > 0) throw inputError(problems);
  const anchors = new Map<string, Node[]>();
  const found = inspect(document, anchors, positionAt);
  if (found.length > 0) throw inputError(found);
  return {
    document,
    positionOf: (node) => positionAt(startOf(node) ?? 0),
    resolve: (node) => (isAlias(node) ? anchored(node, anchors) : asNode(node)),
    plain: (node) => plainData(node, document),
  };
}

/** The text of a scalar as written (`yes`, `0644`, `1e3`), undefined for anything else. */
export function scalarText(node: unknown): string | undefined {
  if (!isScalar(node)) return undefined;
  if (node.type === Scalar.PLAIN && node.source !== undefined) return node.source;
  return typeof node.value === "string" ? node.value : undefined;
}

/** The pair of a map with this key. */
export function findPair(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => keyText(pair) === key);
}

/** The node at a path; for a missing one its parent, and the key that is missing there. */
export function nodeAt(
  yaml: YamlText,
  path: readonly PropertyKey[],
): { node: unknown; parent: unknown; key: string } {
  let node: unknown = yaml.resolve(yaml.document.contents);
  let parent: unknown;
  for (const step of path) {
    parent = node;
    node = yaml.resolve(childOf(node, step));
    if (node === undefined) return { node, parent, key: String(step) };
  }
  return { node, parent, key: String(path.at(-1) ?? "") };
}

function childOf(node: unknown, step: PropertyKey): unknown {
  if (isSeq(node)) return node.items[Number(step)];
  return isMap(node) ? findPair(node, String(step))?.value : undefined;
}

/** The key of a pair as text. */
export function keyText(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : "";
}

/** Where the nesting is too deep for it, the library names its own trouble. */
function causeOf({ message }: YAMLError): string {
  if (/multiple documents/u.test(message)) return "a second document begins here; give one in a file";
  return /call stack/iu.test(message) ? "nested too deeply" : lowerFirst(message);
}

/** The library's own check for duplicates takes quadratic time, so it is off and done here. */
const OPTIONS = {
  prettyErrors: false,
  uniqueKeys: false,
  stringKeys: true,
  resolveKnownTags: false,
  logLevel: "error",
} as const;

/** The library's deepest recursion ends in a RangeError, which is the file's fault as well. */
function parseOrRefuse<T>(file: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    const why = error instanceof RangeError ? "nested too deeply" : "cannot be parsed";
    throw inputError([{ position: { file, line: 1, column: 1 }, message: `not valid YAML: ${why}` }]);
  }
}

/** After a first slip the parser stumbles over every token of the rest: those say nothing. */
function isCause(error: YAMLError, index: number): boolean {
  return index === 0 || !/token in YAML stream|call stack/u.test(error.message);
}

/** One walk over the tree (a stack, not recursion): collects anchors, finds duplicate keys. */
function inspect(
  document: Document.Parsed,
  anchors: Map<string, Node[]>,
  positionAt: (offset: number) => SourcePosition,
): Problem[] {
  const problems: Problem[] = [];
  const aliases: Alias[] = [];
  const stack: unknown[] = [document.contents];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
    if (anchor !== undefined) nodesOf(anchors, anchor).push(node as Node);
    for (const child of childrenOf(node)) if (child !== null && child !== undefined) stack.push(child);
    if (isMap(node)) for (const problem of duplicateKeys(node, positionAt)) problems.push(problem);
    if (isAlias(node)) aliases.push(node);
  }
  for (const nodes of anchors.values())
    nodes.sort((left, right) => (startOf(left) ?? 0) - (startOf(right) ?? 0));
  for (const alias of aliases) {
    if (anchored(alias, anchors) !== undefined) continue;
    const message = `there is no anchor ${shown(`&${alias.source}`)} before this alias`;
    problems.push({ position: positionAt(startOf(alias) ?? 0), message });
  }
  return problems;
}

function childrenOf(node: unknown): readonly unknown[] {
  if (isSeq(node)) return node.items;
  return isMap(node) ? node.items.flatMap(({ key, value }) => [key, value]) : [];
}

function duplicateKeys(map: YAMLMap, positionAt: (offset: number) => SourcePosition): Problem[] {
  const first = new Map<string, number>();
  const problems: Problem[] = [];
  for (const pair of map.items) {
    const [key, offset] = [keyText(pair), startOf(pair.key) ?? 0];
    const earlier = first.get(key);
    if (earlier === undefined) {
      first.set(key, offset);
    } else if (key !== "<<") {
      const message = `duplicate key ${shown(key)}, first used at line ${positionAt(earlier).line}`;
      problems.push({ position: positionAt(offset), message });
    }
  }
  return problems;
}

/** An anchor may be set again further down: the last one before the alias counts (YAML 1.2, 7.1). */
function anchored(alias: Alias, anchors: ReadonlyMap<string, Node[]>): Node | undefined {
  const before = startOf(alias) ?? 0;
  const candidates = anchors.get(alias.source) ?? [];
  // In the order of the file; halves, as one file may set one anchor again and again.
  let [low, high] = [0, candidates.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((startOf(candidates[middle]) ?? 0) < before) low = middle + 1;
    else high = middle;
  }
  return candidates[low - 1];
}

function nodesOf(anchors: Map<string, Node[]>, anchor: string): Node[] {
  const nodes = anchors.get(anchor) ?? [];
  anchors.set(anchor, nodes);
  return nodes;
}

function plainData(node: unknown, document: Document.Parsed): unknown {
  try {
    return asNode(node)?.toJS(document, { maxAliasCount: 100 });
  } catch {
    return undefined;
  }
}

function asNode(node: unknown): Node | undefined {
  return isMap(node) || isSeq(node) || isScalar(node) ? node : undefined;
}

function startOf(node: unknown): number | undefined {
  if (isMap(node) || isSeq(node) || isScalar(node) || isAlias(node)) return node.range?.[0];
  return undefined;
}

function lowerFirst(text: string): string {
  if (text.includes("call stack")) return "nested too deeply";
  return `${text.slice(0, 1).toLowerCase()}${text.slice(1)}`.replace(/\.$/u, "");
}
