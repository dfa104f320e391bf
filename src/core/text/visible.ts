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

/**
 * JSON text whose strings hold nothing that acts on a terminal: JSON.stringify escapes control
 * characters below U+0020 only. The value that is read back is the same.
 */
export function visibleJson(text: string): string {
  return text.replace(
    /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function spell(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  if (character === "\r") return "\\r";
  return `\\u{${character.codePointAt(0)?.toString(16) ?? ""}}`;
}
