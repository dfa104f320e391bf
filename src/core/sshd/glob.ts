/** Patterns of sshd's files: of names (ssh_config(5) PATTERNS) and of paths (glob(7), sshd_config(5) Include). Pure. */

type Token = "star" | ((character: string) => boolean);

/** A pattern of names: `*` and `?` match every character, and no other character has a meaning of its own. */
export function globMatches(pattern: string, name: string): boolean {
  return matches([...pattern].map(wildcard), name);
}

/** A pattern of paths: nothing in it matches a slash, nor a point at the beginning of a name; brackets are sets. */
export function pathMatches(pattern: string, path: string): boolean {
  const patterns = pattern.split(/\/+/u);
  const names = path.split(/\/+/u);
  return patterns.length === names.length && patterns.every((each, at) => nameMatches(each, names[at] ?? ""));
}

function nameMatches(pattern: string, name: string): boolean {
  if (name.startsWith(".") && /^[*?[]/u.test(pattern)) return false;
  return matches(tokensOf(pattern), name);
}

function tokensOf(pattern: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const set = pattern[at] === "[" ? setAt(pattern, at) : undefined;
    if (set !== undefined) {
      tokens.push(set.token);
      at = set.end;
    } else if (pattern[at] === "\\" && at + 1 < pattern.length) {
      const literal = pattern[++at];
      tokens.push((character) => character === literal);
    } else tokens.push(wildcard(pattern[at] ?? ""));
  }
  return tokens;
}

function wildcard(each: string): Token {
  if (each === "*") return "star";
  return each === "?" ? () => true : (character) => character === each;
}

/** The set that begins at a bracket; undefined where no other bracket ends it, as then it stands for itself. */
function setAt(pattern: string, start: number): { token: Token; end: number } | undefined {
  const found = /^\[([!^]?)((?:\]|)(?:\[:[a-z]+:\]|[^\]])*)\]/u.exec(pattern.slice(start));
  if (found === null) return undefined;
  const [whole, negated, members = ""] = found;
  const has = membership(members);
  return { token: (character) => has(character) === (negated === ""), end: start + whole.length - 1 };
}

function membership(members: string): (character: string) => boolean {
  const classes = [...members.matchAll(/\[:([a-z]+):\]/gu)].map(([, name = ""]) => CLASSES[name]);
  const rest = members.replaceAll(/\[:[a-z]+:\]/gu, "");
  const ranges = [...rest.matchAll(/(.)-(.)/gsu)].map(([, from = "", to = ""]) => [from, to] as const);
  const single = new Set(rest.replaceAll(/.-./gsu, ""));
  return (character) =>
    single.has(character) ||
    classes.some((each) => each?.test(character) === true) ||
    ranges.some(([from, to]) => from <= character && character <= to);
}

/** The classes of characters in the C locale, in which sshd reads. */
const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[0-9A-Za-z]/u,
  alpha: /[A-Za-z]/u,
  digit: /[0-9]/u,
  lower: /[a-z]/u,
  punct: /[!-/:-@[-`{-~]/u,
  upper: /[A-Z]/u,
  xdigit: /[0-9A-Fa-f]/u,
};

/** Goes back to the last star only, so a hostile pattern costs no time. */
function matches(tokens: readonly Token[], text: string): boolean {
  const characters = [...text];
  let [at, star, resume, index] = [0, -1, 0, 0];
  while (index < characters.length) {
    const token = tokens[at];
    if (token === "star") {
      star = at++;
      resume = index;
    } else if (token?.(characters[index] ?? "") === true) {
      at++;
      index++;
    } else if (star >= 0) {
      at = star + 1;
      index = ++resume;
    } else return false;
  }
  return tokens.slice(at).every((token) => token === "star");
}
