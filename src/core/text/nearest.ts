/** Words for messages: what the user probably meant, and foreign text made safe to print. */
import { visible } from "./visible.ts";

/** Longer words are not compared: nobody mistypes a hundred characters into another word. */
const LONGEST_COMPARED = 64;

/**
 * The candidate a mistyped word most probably stands for, or undefined when none is close.
 * Close: at most one edit per three characters (insert, delete, replace, swap of neighbours; case
 * and `-`/`_` do not count), or the only candidate that contains the word. Ties go to the first
 * in alphabetical order.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = fold(word);
  if (wanted === "" || wanted.length > LONGEST_COMPARED) return undefined;
  let best: { candidate: string; distance: number } | undefined;
  const containing: string[] = [];
  for (const candidate of candidates) {
    const folded = fold(candidate);
    const limit = Math.max(1, Math.floor(Math.max(wanted.length, folded.length) / 3));
    if (wanted.length >= 4 && folded.includes(wanted)) containing.push(candidate);
    if (folded.length > LONGEST_COMPARED || Math.abs(folded.length - wanted.length) > limit) continue;
    const distance = editDistance(wanted, folded);
    if (distance > limit || distance >= folded.length) continue;
    if (best === undefined || precedes({ candidate, distance }, best)) best = { candidate, distance };
  }
  return best?.candidate ?? (containing.length === 1 ? containing[0] : undefined);
}

/** `, did you mean "x"?` for the end of a message, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const candidate = nearest(word, candidates);
  return candidate === undefined || candidate === word ? "" : `, did you mean ${shown(candidate)}?`;
}

/**
 * Foreign text for a message: in double quotes, control and invisible characters as escapes, at
 * most 60 characters. It goes to terminals and logs, so nothing in it may act there.
 */
export function shown(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return `"${visible(short.replace(/["\\]/gu, "\\$&"))}"`;
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll("-", "_");
}

function precedes(
  left: { candidate: string; distance: number },
  right: { candidate: string; distance: number },
): boolean {
  if (left.distance !== right.distance) return left.distance < right.distance;
  return left.candidate < right.candidate;
}

/** Optimal string alignment: Levenshtein plus swaps of neighbours. */
function editDistance(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1];
      let cost = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
      );
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (row > 1 && column > 1 && swapped) cost = Math.min(cost, at(beforeLast, column - 2) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, right.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
