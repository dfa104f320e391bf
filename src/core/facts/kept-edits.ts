import type { KeptEdit } from "../../model/facts/curfew-state.ts";
import { visible } from "../text/visible.ts";

/** Lines `KIND<TAB>PATH<TAB>COPY` of the guard, `-` for no copy; what is none is left out. */
export function keptEdits(lines: readonly string[]): KeptEdit[] {
  return lines.flatMap((line) => {
    const [word, path = "", copy = ""] = line.slice(0, 10_000).split("\t");
    const kind = KINDS.find((each) => each === word);
    if (kind === undefined || !path.startsWith("/")) return [];
    return [{ kind, path: visible(path), copy: copy.startsWith("/") ? visible(copy) : "" }];
  });
}

const KINDS: readonly KeptEdit["kind"][] = ["edited", "removed", "late", "lost"];

/** What became of somebody's edit, for people. */
export function keptText({ kind, path, copy }: KeptEdit): string {
  switch (kind) {
    case "edited":
      return `${path} was edited by somebody while a change was in place: that version is kept as ${copy}`;
    case "removed":
      return `${path} was removed by somebody while a change was in place: it is there again`;
    case "late":
      return `${path} was edited by somebody in the moment in which it was replaced: the edit is in the file`;
    case "lost":
      return `${path} was edited by somebody while a change was in place, and there was no room to keep that version`;
  }
}
