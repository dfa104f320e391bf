/** A document as a flat list of its keys, aliases and merges followed. */
import { isMap, isScalar, isSeq, type Node, type Pair, Scalar } from "yaml";
import type { TeleportEntry } from "../../model/access/teleport.ts";
import { inputError } from "../problem.ts";
import { keyText, type YamlText } from "../yaml-text.ts";

/** As many as some thousand roles have; a few aliases inside each other stand for more. */
const MOST = 200_000;
const DEEPEST = 64;

/** In the order of the file. Errors: CurfewError `input` where the aliases stand for too much. */
export function entriesOf(yaml: YamlText, top: unknown): TeleportEntry[] {
  const entries: TeleportEntry[] = [];
  const add = (path: readonly string[], keyAt: TeleportEntry["keyAt"], value: unknown): void => {
    if (entries.length >= MOST || path.length > DEEPEST) throw tooMuch(yaml, value);
    const node = yaml.resolve(value);
    entries.push({ path, keyAt, ...valueOf(yaml, node, keyAt) });
    walk(path, node);
  };
  const walk = (path: readonly string[], node: unknown): void => {
    if (isSeq(node)) {
      for (const [index, item] of node.items.entries())
        add([...path, `[${index}]`], yaml.positionOf(item), item);
    }
    if (!isMap(node)) return;
    for (const pair of merged(yaml, node.items))
      add([...path, keyText(pair)], yaml.positionOf(pair.key), pair.value);
  };
  walk([], top);
  return entries;
}

/** What `<<` brings in stands behind the map's own keys and gives way to them (YAML merge keys). */
function merged(yaml: YamlText, items: readonly Pair[], depth = 0): Pair[] {
  const own = items.filter((pair) => keyText(pair) !== "<<");
  const names = new Set(own.map(keyText));
  const from = items
    .filter((pair) => keyText(pair) === "<<")
    .map(({ value }) => yaml.resolve(value))
    .flatMap((node) => (isSeq(node) ? node.items.map((item) => yaml.resolve(item)) : [node]));
  for (const node of from) {
    if (!isMap(node)) continue;
    if (depth > DEEPEST) throw tooMuch(yaml, node);
    for (const pair of merged(yaml, node.items, depth + 1)) {
      if (names.has(keyText(pair))) continue;
      names.add(keyText(pair));
      own.push(pair);
    }
  }
  return own;
}

function valueOf(
  yaml: YamlText,
  node: Node | undefined,
  keyAt: TeleportEntry["keyAt"],
): Pick<TeleportEntry, "valueAt" | "form" | "text" | "quoted"> {
  const valueAt = node === undefined ? keyAt : yaml.positionOf(node);
  if (isMap(node)) return { valueAt, form: "mapping", quoted: false };
  if (isSeq(node)) return { valueAt, form: "list", quoted: false };
  const plain = isScalar(node) && node.type === Scalar.PLAIN;
  const text = isScalar(node) ? ((plain ? node.source : undefined) ?? String(node.value ?? "")) : "";
  return { valueAt, form: "scalar", text, quoted: isScalar(node) && !plain };
}

function tooMuch(yaml: YamlText, node: unknown): Error {
  const message = "the aliases (*) of this file stand for too much, or it is nested too deeply";
  return inputError([{ position: yaml.positionOf(node), message }]);
}
