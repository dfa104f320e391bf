/** Blocks of curfew as a file has them, each with its place told so that it is found in another such file as well. */
import { posix } from "node:path";
import type { RenderedBlock, RenderedPlace } from "../../model/change/render.ts";

/**
 * The blocks in `text`, in their order. `match`: whether the file is sshd's, where everything before the first Match
 * is for everybody.
 */
export function blocksIn(text: string, match: boolean): Pick<RenderedBlock, "name" | "body" | "place">[] {
  const lines = text.split("\n").map((line) => line.replace(/\r$/u, ""));
  const found: Pick<RenderedBlock, "name" | "body" | "place">[] = [];
  let outside: string | undefined;
  for (let at = 0; at < lines.length; at += 1) {
    const name = /^# BEGIN curfew (.+)$/u.exec(lines[at] ?? "")?.[1];
    if (name === undefined) {
      outside = lines[at];
      continue;
    }
    const end = lines.indexOf(`# END curfew ${name}`, at);
    found.push({ name, body: lines.slice(at + 1, end), place: placeAfter(outside, match) });
    at = end;
  }
  return found;
}

/** `before`: the last line of others before the block; undefined where it is the first. */
function placeAfter(before: string | undefined, match: boolean): RenderedPlace {
  if (before === undefined) return { at: "top" };
  if (/^\s*\[.+\]\s*$/u.test(before)) return { at: "section", after: before.trim() };
  return { at: match ? "match" : "end" };
}

/** Directories of these files that are curfew's own by their name. */
export function ownDirectories(paths: readonly string[]): string[] {
  const all = paths.flatMap((path) => parents(path)).filter((path) => path.includes("curfew"));
  return [...new Set(all)].toSorted();
}

function parents(path: string): string[] {
  const above = posix.dirname(path);
  return above === "/" || above === "." ? [] : [...parents(above), above];
}
