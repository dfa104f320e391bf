/**
 * Text from a host or a file, made safe to show: control characters, terminal escapes, direction
 * overrides and what cannot be seen become `\n` or `\u{NNNN}`, so that nothing a host sends can
 * move a cursor, hide a line or swap what is read. The only place that does this.
 */

/** One line: line feeds and tabs are spelt out too. Text that is visible already stays as it is. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, spell);
}

/** Several lines: line feeds stay, a carriage return before one is dropped, a tab is four spaces. */
export function visibleLines(text: string): string {
  return text
    .split("\n")
    .map((line) => visible(line.replace(/\r$/u, "").replaceAll("\t", "    ")))
    .join("\n");
}

function spell(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  if (character === "\r") return "\\r";
  return `\\u{${character.codePointAt(0)?.toString(16) ?? ""}}`;
}
