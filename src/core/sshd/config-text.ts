/** One directive of an sshd_config text. */
export interface SshdDirective {
  /** 1-based. */
  readonly line: number;
  /** Lower case. */
  readonly keyword: string;
  /** Words after the keyword, quotes removed. */
  readonly args: readonly string[];
  /** The `Match` criteria it stands under, as written; null for a global directive and for Match itself at top level. */
  readonly match: string | null;
}

/**
 * Reads sshd_config text the way sshd does (sshd_config(5); `strdelim` and `argv_split` of
 * misc.c): a keyword, an optional `=`, words apart by blanks, double quotes around words with
 * blanks, `#` first on a line for a comment, a `Match` that lasts until the next one. A word that
 * begins with `#` ends the line, as in releases since 8.5. Never fails: what sshd would refuse is
 * sshd's to report.
 */
export function parseSshdConfig(text: string): SshdDirective[] {
  const directives: SshdDirective[] = [];
  let match: string | null = null;
  for (const [index, raw] of text.split("\n").entries()) {
    // Most lines of most files; `words` would find the same, at the price of an expression per line.
    if (raw === "" || raw.startsWith("#")) continue;
    const [first, ...args] = words(raw.trimEnd());
    if (first === undefined) continue;
    const keyword = first.toLowerCase();
    if (keyword === "match") match = args.join(" ");
    directives.push({ line: index + 1, keyword, args, match });
  }
  return directives;
}

/** The line (1-based) of the first `Match`, or undefined. */
export function firstMatchLine(text: string): number | undefined {
  return parseSshdConfig(text).find(({ keyword }) => keyword === "match")?.line;
}

const WORD = /[ \t\f\r=]*(?:"([^"]*)"?|([^ \t\f\r="]+(?:"[^"]*"?)?))/uy;
const ARGUMENT = /[ \t\f\r]*(?:"([^"]*)"?|((?:[^ \t\f\r"]|"[^"]*"?)+))/uy;

function words(line: string): string[] {
  const found: string[] = [];
  let pattern = WORD;
  let position = 0;
  for (;;) {
    pattern.lastIndex = position;
    const match = pattern.exec(line);
    const quoted = match?.[1];
    const word = quoted ?? match?.[2]?.replaceAll('"', "");
    if (word === undefined || (quoted === undefined && word.startsWith("#"))) return found;
    found.push(word);
    position = pattern.lastIndex;
    // `Keyword=value` and `Keyword = value` are the only places where `=` separates.
    if (found.length === 1) position = afterEquals(line, position);
    pattern = ARGUMENT;
  }
}

function afterEquals(line: string, position: number): number {
  const match = /^[ \t\f\r]*=?/u.exec(line.slice(position));
  return position + (match?.[0].length ?? 0);
}
