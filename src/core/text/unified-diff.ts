import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import type { FileState } from "../../model/facts/facts.ts";
import type { Change } from "../../model/change/plan.ts";
import { visibleLines } from "./visible.ts";

/**
 * One change as a unified diff for people, ending in a newline: `/dev/null` for what is not there,
 * lines for a changed mode and owner (spelt as Git does). What a host's file contains cannot move
 * the reader's cursor: control characters are spelt out.
 */
export function unifiedDiff(change: Change): string {
  const { path, before, after } = change;
  const [from, to] = [before === null ? "/dev/null" : path, after === null ? "/dev/null" : path];
  const [old, wanted] = [before?.content ?? "", after?.content ?? ""];
  const options = { context: 3, headerOptions: FILE_HEADERS_ONLY, maxEditLength: MOST_EDITS };
  const patch =
    createTwoFilesPatch(from, to, old, wanted, undefined, undefined, options) ??
    replacement(from, to, old, wanted);
  return [...attributes(before, after), visibleLines(patch)].join("\n");
}

/** Finding the shortest way takes the square of it; nobody reads longer ones for what stayed the same. */
const MOST_EDITS = 1000;

/** All of one text for all of the other: right, though not the shortest. */
function replacement(from: string, to: string, old: string, wanted: string): string {
  const [removed, added] = [linesOf(old), linesOf(wanted)];
  const head = `--- ${from}\n+++ ${to}\n@@ -${range(removed)} +${range(added)} @@\n`;
  return head + [...marked("-", removed), ...marked("+", added)].join("");
}

function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/gu) ?? [];
}

function marked(sign: string, lines: readonly string[]): string[] {
  return lines.map((line) =>
    line.endsWith("\n") ? `${sign}${line}` : `${sign}${line}\n\\ No newline at end of file\n`,
  );
}

function range({ length }: readonly string[]): string {
  return length === 0 ? "0,0" : length === 1 ? "1" : `1,${length}`;
}

function attributes(before: FileState | null, after: FileState | null): string[] {
  if (before === null) return after === null ? [] : [`new file mode ${after.mode}, owner ${owner(after)}`];
  if (after === null) return [`deleted file mode ${before.mode}, owner ${owner(before)}`];
  const mode = before.mode === after.mode ? [] : [`old mode ${before.mode}`, `new mode ${after.mode}`];
  const same = owner(before) === owner(after);
  return same ? mode : [...mode, `old owner ${owner(before)}`, `new owner ${owner(after)}`];
}

function owner({ uid, gid }: FileState): string {
  return `${uid}:${gid}`;
}
