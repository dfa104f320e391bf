import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import type { FileState } from "../../model/facts.ts";
import type { Change } from "../../model/plan.ts";
import { visibleLines } from "./visible.ts";

/**
 * One change as a unified diff for people, ending in a newline: `/dev/null` for what is not there,
 * lines for a changed mode and owner (spelt as Git does). What a host's file contains cannot move
 * the reader's cursor: control characters are spelt out.
 */
export function unifiedDiff(change: Change): string {
  const { path, before, after } = change;
  const patch = createTwoFilesPatch(
    before === null ? "/dev/null" : path,
    after === null ? "/dev/null" : path,
    before?.content ?? "",
    after?.content ?? "",
    undefined,
    undefined,
    { context: 3, headerOptions: FILE_HEADERS_ONLY },
  );
  return [...attributes(before, after), visibleLines(patch)].join("\n");
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
