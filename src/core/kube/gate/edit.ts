/** How a gate comes into the text of a kubeconfig and out of it again, with every other byte as it is. */

/** What stands at a place and what has to stand there. */
export interface TextEdit {
  readonly at: number;
  readonly removed: string;
  readonly inserted: string;
}

/** Where the parts of an exec plugin stand, as offsets into the text. */
export interface ExecPlace {
  /** The value of `command`. */
  readonly command: readonly [from: number, to: number];
  /** The column of the key `command`, from 0. */
  readonly column: number;
  /** `exec: {…}`, as in JSON. */
  readonly flow: boolean;
  readonly args:
    | { readonly form: "absent" }
    /** `args:`, `args: null`. */
    | { readonly form: "null"; readonly range: readonly [from: number, to: number] }
    /** `start`: behind the bracket. */
    | { readonly form: "flow"; readonly start: number; readonly empty: boolean }
    /** `start`: the first dash, `column` from 0. */
    | { readonly form: "block"; readonly start: number; readonly column: number };
}

/** `own`: the gate's arguments, which end with `--`; `program`: the plugin's command as the gate will run it. */
export function gateEdits(
  text: string,
  place: ExecPlace,
  curfew: string,
  own: readonly string[],
  program: string,
): readonly TextEdit[] {
  const [from, to] = place.command;
  const words = [...own, program].map((word) => JSON.stringify(word));
  const command = { at: from, removed: text.slice(from, to), inserted: JSON.stringify(curfew) };
  return [command, argsEdit(text, place, words)];
}

/** The text with the edits in it; each is about the text as given. */
export function withEdits(text: string, edits: readonly TextEdit[]): string {
  return edits
    .toSorted((left, right) => right.at - left.at)
    .reduce(
      (all, { at, removed, inserted }) => all.slice(0, at) + inserted + all.slice(at + removed.length),
      text,
    );
}

/**
 * The edits that take a gate out of a text, wherever it has moved to meanwhile; undefined where what was inserted is not
 * there any more as it was. `command`: where the value of `command` stands now.
 */
export function undoEdits(
  text: string,
  command: readonly [from: number, to: number],
  done: readonly TextEdit[],
): readonly TextEdit[] | undefined {
  const [first, second] = done;
  if (first === undefined || second === undefined) return undefined;
  const at = text.indexOf(second.inserted);
  const once = at >= 0 && !text.includes(second.inserted, at + 1);
  if (!once || text.slice(...command) !== first.inserted) return undefined;
  return [
    { at: command[0], removed: first.inserted, inserted: first.removed },
    { at, removed: second.inserted, inserted: second.removed },
  ];
}

function argsEdit(text: string, place: ExecPlace, words: readonly string[]): TextEdit {
  const { args, column, flow, command } = place;
  const list = `[${words.join(", ")}]`;
  if (args.form === "absent") {
    if (flow) return { at: command[1], removed: "", inserted: `, "args": ${list}` };
    const end = lineEnd(text, command[1]);
    return { at: end, removed: "", inserted: `${newline(text)}${" ".repeat(column)}args: ${list}` };
  }
  if (args.form === "null") {
    const removed = text.slice(...args.range);
    return { at: args.range[0], removed, inserted: removed === "" ? ` ${list}` : list };
  }
  if (args.form === "flow") {
    return { at: args.start, removed: "", inserted: words.join(", ") + (args.empty ? "" : ", ") };
  }
  const next = newline(text) + " ".repeat(args.column);
  return { at: args.start, removed: "", inserted: words.map((word) => `- ${word}${next}`).join("") };
}

function newline(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

/** Behind what the line says, before its line feed. */
function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  if (end < 0) return text.length;
  return text[end - 1] === "\r" ? end - 1 : end;
}
