import { stripVTControlCharacters } from "node:util";
import { widthOf } from "./columns.ts";

/**
 * A paragraph broken between words so that no line is wider than `columns`; what follows the first
 * line is indented by `indent` more spaces. A single word that is wider stands on a line of its own.
 */
export function wrap(text: string, columns: number, indent = 0): string[] {
  const start = /^ */u.exec(text)?.[0] ?? "";
  const lines: string[] = [];
  let line = start;
  for (const word of text.trim().split(/ +/u)) {
    const empty = line.trim() === "";
    const longer = empty ? line + word : `${line} ${word}`;
    if (empty || widthOf(longer) <= columns) line = longer;
    else {
      lines.push(line);
      line = start + " ".repeat(indent) + word;
    }
  }
  return [...lines, line];
}

/**
 * A help text whose paragraphs fit the columns. Indented lines are lists and commands to copy, and stay as they are;
 * exit codes begin a line.
 */
export function reflow(text: string, columns: number): string {
  return text.replace(/^\S.*(?:\n(?!Exit codes:)\S.*)*/gmu, (paragraph) =>
    wrap(paragraph.replaceAll("\n", " "), columns).join("\n"),
  );
}

/**
 * A line as it is where it fits, or where its columns mean something; a statement behind a sign is wrapped, and a hint.
 * A diff stands further right.
 */
export function wrapStatement(line: string, columns: number): string[] {
  const statement = /^ {0,4}(?:[✓✗?◐○~=!*+-]|hint:) /u.test(stripVTControlCharacters(line));
  return !statement || widthOf(line) <= columns ? [line] : wrap(line, columns, 2);
}
