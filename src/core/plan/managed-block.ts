/**
 * Blocks of curfew in files that belong to somebody else, between `# BEGIN curfew NAME` and
 * `# END curfew NAME`. Everything outside stays byte for byte: putting a block in and taking it
 * out gives the same text again, with its line endings and its missing final newline.
 */
import { CurfewError } from "../../model/terms/error.ts";

/** Where a block stands: first, last, or before a line (1-based, counted without the block). */
export type BlockPlace = "top" | "end" | { readonly beforeLine: number };

/**
 * The text with exactly this block at this place, wherever it stood before; null takes it out.
 * Errors: CurfewError `invalid-config` with the line where a block is unterminated, nested or
 * occurs twice: somebody edited it, and guessing where it ends would lose lines.
 */
export function setBlock(
  text: string,
  name: string,
  body: readonly string[] | null,
  place: BlockPlace,
  file = "the file",
): string {
  const rest = cut(text, (found) => found === name, file);
  if (body === null) return rest;
  const lines = place === "top" ? [rest] : splitLines(rest);
  const newline = lineEnding(rest);
  const block = [`# BEGIN curfew ${name}`, ...body, `# END curfew ${name}`];
  const index = placeIndex(place, lines.length);
  const before = lines.slice(0, index).join("");
  // Without a final newline the block goes without one too, so that removal can tell.
  if (before !== "" && !before.endsWith("\n")) return before + newline + block.join(newline);
  return before + block.map((line) => line + newline).join("") + lines.slice(index).join("");
}

/** The text without any block of curfew. Errors as setBlock. */
export function removeBlocks(text: string, file = "the file"): string {
  return cut(text, () => true, file);
}

/** Which lines a block stands in for, 1-based and counted without it. */
export interface ReplacedLines {
  readonly first: number;
  readonly last: number;
}

/**
 * The text with this block in the place of some lines, which it keeps as comments: whoever takes it out has them back.
 * Errors as setBlock.
 */
export function setBlockOver(
  text: string,
  name: string,
  body: readonly string[],
  { first, last }: ReplacedLines,
  file = "the file",
): string {
  const rest = cut(text, (found) => found === name, file);
  const lines = splitLines(rest);
  const newline = lineEnding(rest);
  const replaced = lines.slice(first - 1, last);
  const kept = replaced.map(
    (line) => REPLACES + line.slice(0, line.endsWith(newline) ? -newline.length : undefined),
  );
  const block = [`# BEGIN curfew ${name}`, ...kept, ...body, `# END curfew ${name}`];
  const final = replaced.at(-1)?.endsWith("\n") === false ? "" : newline;
  return [...lines.slice(0, first - 1), block.join(newline) + final, ...lines.slice(last)].join("");
}

/** Before a line that a block keeps; templates/remote/guard-change.sh knows it as well. */
const REPLACES = "# curfew replaces: ";

interface Marker {
  readonly edge: "BEGIN" | "END";
  readonly name: string;
}

function cut(text: string, chosen: (name: string) => boolean, file: string): string {
  // Nearly every file of nearly every host: nothing of ours in it, so no line has to be looked at.
  if (!/^# (?:BEGIN|END) curfew /mu.test(text)) return text;
  const kept: string[] = [];
  const seen = new Set<string>();
  let open: { readonly name: string; readonly line: number; readonly newline: string } | undefined;
  const lines = splitLines(text);
  for (const [index, line] of lines.entries()) {
    const marker = readMarker(line);
    const at = `${file}:${index + 1}`;
    if (marker?.edge === "BEGIN") {
      if (open !== undefined) refuse(`${at}: a curfew block begins inside the one of line ${open.line}`);
      if (seen.has(marker.name)) refuse(`${at}: the curfew block "${marker.name}" occurs twice`);
      seen.add(marker.name);
      open = { name: marker.name, line: index + 1, newline: line.endsWith("\r\n") ? "\r\n" : "\n" };
    }
    if (marker?.edge === "END" && marker.name !== open?.name) {
      refuse(`${at}: a curfew block "${marker.name}" ends that did not begin`);
    }
    if (open === undefined || !chosen(open.name)) kept.push(line);
    else if (line.startsWith(REPLACES)) kept.push(line.slice(REPLACES.length));
    else if (isHeader(line) && headsOthers(lines.slice(index + 1))) kept.push(line);
    else if (marker?.edge === "END" && !line.endsWith("\n")) dropFinal(kept, open.newline);
    if (marker?.edge === "END") open = undefined;
  }
  if (open !== undefined) refuse(`${file}:${open.line}: the curfew block "${open.name}" never ends`);
  return kept.join("");
}

function refuse(message: string): never {
  throw new CurfewError("invalid-config", message, {
    hint: "remove the curfew block by hand, markers included, and run again",
  });
}

/** A block without a final newline borrowed the newline before it. */
function dropFinal(kept: string[], newline: string): void {
  const last = kept.pop();
  if (last === undefined) return;
  kept.push(last.endsWith(newline) ? last.slice(0, -newline.length) : last);
}

/**
 * Whether a block's `[Section]` has become that of lines behind the block, which somebody else put there: without it
 * they would be another section's, or none's.
 */
function headsOthers(after: readonly string[]): boolean {
  const end = after.findIndex((line) => readMarker(line)?.edge === "END");
  const next = after.slice(end + 1).find((line) => !/^\s*(?:[#;].*)?\r?\n?$/u.test(line));
  return next !== undefined && !/^\s*\[/u.test(next);
}

function isHeader(line: string): boolean {
  return /^\[[A-Za-z]+\]\r?\n?$/u.test(line);
}

function readMarker(line: string): Marker | undefined {
  const match = /^# (BEGIN|END) curfew ([a-z0-9-]+)[ \t]*\r?\n?$/u.exec(line);
  const [, edge, name] = match ?? [];
  if (name === undefined) return undefined;
  return { edge: edge === "BEGIN" ? "BEGIN" : "END", name };
}

function placeIndex(place: BlockPlace, count: number): number {
  if (place === "top") return 0;
  return place === "end" ? count : Math.min(place.beforeLine - 1, count);
}

/** Lines with their endings; the last may have none. */
function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/gu) ?? [];
}

/** CRLF only where every line has it, as a mixed file is read by its line feeds. */
function lineEnding(text: string): "\n" | "\r\n" {
  return text.includes("\n") && !/(?<!\r)\n/u.test(text) ? "\r\n" : "\n";
}
