/** Text measured in terminal columns, so that tables stay straight with any script. */
import { stripVTControlCharacters } from "node:util";

/** Made at the first text that needs it: it takes longer than a small program takes to start. */
let graphemes: Intl.Segmenter | undefined;

// East Asian Width W and F (UAX #11), by block: Hangul Jamo, CJK with its punctuation, Yi, Hangul,
// compatibility and full-width forms, ideographic planes; and what is drawn as an emoji.
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{17000}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const ZERO = /^\p{Mark}+$/u;
const PLAIN = /^[\u0020-\u007e]*$/u;

/** Columns that a line without control characters takes; colour codes take none. */
export function widthOf(line: string): number {
  const text = stripVTControlCharacters(line);
  if (PLAIN.test(text)) return text.length;
  return segmentsOf(text).reduce((total, segment) => total + segmentWidth(segment), 0);
}

/** The line cut to that many columns, with `…` in place of the rest. Uncoloured text only. */
export function fit(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line;
  let kept = "";
  let used = 0;
  for (const segment of segmentsOf(line)) {
    const next = used + segmentWidth(segment);
    if (next > columns - 1) break;
    kept += segment;
    used = next;
  }
  return columns < 1 ? "" : `${kept}…`;
}

/** The line filled up with spaces to that many columns. */
export function pad(line: string, columns: number): string {
  return line + " ".repeat(Math.max(0, columns - widthOf(line)));
}

/** Rows of cells as lines with straight columns, two spaces between; cells may carry colour. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
    }
  }
  return rows.map((row) =>
    row
      .map((cell, index) => pad(cell, widths[index] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

function segmentsOf(text: string): string[] {
  graphemes ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

function segmentWidth(segment: string): number {
  if (ZERO.test(segment)) return 0;
  return WIDE.test(segment) ? 2 : 1;
}
