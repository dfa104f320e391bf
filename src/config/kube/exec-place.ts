import { isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap, type YAMLSeq } from "yaml";
import type { ExecPlace, TextEdit } from "../../core/kube/gate/edit.ts";
import { inputError } from "../problem.ts";
import { findPair, type YamlText, nodeAt } from "../yaml-text.ts";

/**
 * Where the exec plugin of a user stands. Errors: CurfewError `input` where it is written in a way that cannot be edited
 * without touching something else: aliases, anchors, tags, a command over several lines.
 */
export function execPlace(yaml: YamlText, text: string, user: number): ExecPlace {
  const { node } = nodeAt(yaml, ["users", user, "user", "exec"]);
  const refuse = (at: unknown, message: string) => inputError([{ position: yaml.positionOf(at), message }]);
  const shared = sharedIn(nodeAt(yaml, ["users"]).node);
  if (!isMap(node)) throw refuse(node, "the exec plugin is not written as a mapping");
  if (shared !== undefined)
    throw refuse(shared, "anchors and aliases among the users: write the values out first");
  const command = findPair(node, "command");
  const value = command?.value;
  if (!isScalar(value) || !value.range || /[\n\r]/u.test(text.slice(value.range[0], value.range[1]))) {
    throw refuse(value, "write the command of the exec plugin on one line first");
  }
  const key = isScalar(command?.key) ? command.key.range : undefined;
  return {
    command: [value.range[0], value.range[1]],
    column: columnOf(text, key?.[0] ?? 0),
    flow: node.flow === true,
    args: argsPlace(node, text),
  };
}

/**
 * The edits that make `command` the plugin's again and take away the first arguments, `count` of them. For a file whose
 * text is not what curfew left: the values are right, the spelling is that of whoever wrote it.
 */
export function takenOut(
  yaml: YamlText,
  text: string,
  user: number,
  { command, count }: { readonly command: string; readonly count: number },
): readonly TextEdit[] {
  const place = execPlace(yaml, text, user);
  const [from, to] = place.command;
  const args = nodeAt(yaml, ["users", user, "user", "exec", "args"]).node;
  const edit = { at: from, removed: text.slice(from, to), inserted: command };
  return isSeq(args) ? [edit, withoutFirst(args, text, count)] : [edit];
}

function withoutFirst(args: YAMLSeq, text: string, count: number): TextEdit {
  const starts = args.items.map((item) => {
    const at = isScalar(item) ? (item.range?.[0] ?? 0) : 0;
    return args.flow === true ? at : text.lastIndexOf("-", at - 1);
  });
  const [first = 0] = starts;
  const next = starts[count];
  if (next !== undefined) return { at: first, removed: text.slice(first, next), inserted: "" };
  const last = args.items.at(-1);
  const end = isScalar(last) ? (last.range?.[1] ?? first) : first;
  return { at: first, removed: text.slice(first, end), inserted: args.flow === true ? "" : "[]" };
}

function argsPlace(exec: YAMLMap, text: string): ExecPlace["args"] {
  const pair = findPair(exec, "args");
  if (pair === undefined) return { form: "absent" };
  const { value } = pair;
  if (isSeq(value) && value.range) {
    const [start] = value.range;
    if (value.flow === true) return { form: "flow", start: start + 1, empty: value.items.length === 0 };
    return { form: "block", start, column: columnOf(text, start) };
  }
  const range = isScalar(value) ? value.range : undefined;
  const keyEnd = isScalar(pair.key) ? (pair.key.range?.[1] ?? 0) : 0;
  const at = text.indexOf(":", keyEnd) + 1;
  if (range && range[1] > range[0]) return { form: "null", range: [range[0], range[1]] };
  return { form: "null", range: [at, at] };
}

/** The first node with an anchor, and the first alias. */
function sharedIn(root: unknown): unknown {
  const stack: unknown[] = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (isAlias(node) || (node as Partial<Node> & { anchor?: string }).anchor !== undefined) return node;
    const children = isSeq(node)
      ? node.items
      : isMap(node)
        ? node.items.flatMap(({ key, value }) => [key, value])
        : [];
    for (const child of children) if (child !== null && child !== undefined) stack.push(child);
  }
  return undefined;
}

function columnOf(text: string, at: number): number {
  return at - (text.lastIndexOf("\n", at - 1) + 1);
}
