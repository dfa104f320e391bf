/** Text for terminals and logs that show nothing but ASCII. The only place that knows how symbols are spelt there. */

/** One column stays one column wherever text stands in a table. */
const SPELT: Readonly<Record<string, string>> = {
  "✓": "+",
  "✔": "+",
  "✗": "x",
  "×": "x",
  "●": "*",
  "◐": "/",
  "○": "o",
  "↩": "<",
  "→": "->",
  "…": "...",
  "’": "'",
  "‘": "'",
  "“": '"',
  "”": '"',
  "–": "-",
  "—": "-",
  "·": ".",
  "•": "*",
  "≤": "<=",
  "≥": ">=",
  "▁": "_",
  "▂": ".",
  "▃": "-",
  "▄": "=",
  "▅": "+",
  "▆": "*",
  "▇": "#",
  "█": "#",
  "▒": ":",
  "░": ".",
};

/** The text with symbols as signs of ASCII; letters and what else there is become `\u{NNNN}`. Escapes stay. */
export function asciiText(text: string): string {
  return text.replace(
    /[^\u0000-\u007f]/gu,
    (character) => SPELT[character] ?? `\\u{${character.codePointAt(0)?.toString(16) ?? ""}}`,
  );
}

/** JSON text in ASCII alone: the value that is read back is the same. */
export function asciiJson(text: string): string {
  return text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
