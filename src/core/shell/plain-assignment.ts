/** Whether a line of a shell file sets TMOUT for everybody who reads the file. Pure. */

/**
 * False where somebody may be left out: under a condition, in a branch (what is indented stands in one), or in a
 * command that nobody here understands. A condition that only asks whether the shell is interactive, or whether
 * TMOUT is set already, leaves nobody out who sits at a prompt.
 */
export function isPlain(text: string): boolean {
  if (/^\s/u.test(text) || text.length > LONGEST) return false;
  return withoutGuards(text.trim())
    .split(/;|&&/u)
    .map((part) => part.trim())
    .every((part) => part === "" || isStatement(part.split(/\s+/u)));
}

/** Characters. Whoever writes a longer line is not understood here. */
const LONGEST = 1000;

/**
 * Builtins that do not fail, assignments, and pam_env's form. A word after an assignment would be a command. Word by
 * word: an expression over all of them can be matched in so many ways that it never ends.
 */
function isStatement([first = "", ...others]: readonly string[]): boolean {
  if (/^(?:readonly|export|declare|typeset)$/u.test(first)) {
    const names = others.slice(others.findIndex((word) => !/^-\w+$/u.test(word)));
    return names.length > 0 && names.every((word) => /^\w+(?:=.*)?$/su.test(word));
  }
  if (first === ":") return others.length === 1 && /^"?\$\{TMOUT:?=\d+\}"?$/u.test(others[0] ?? "");
  if (first === "TMOUT") return [1, 2].includes(others.length) && others.every(isPamValue);
  return [first, ...others].every((word) => /^\w+=/u.test(word));
}

function isPamValue(word: string): boolean {
  return /^(?:DEFAULT|OVERRIDE)=/u.test(word);
}

function withoutGuards(text: string): string {
  for (const guard of GUARDS) {
    const rest = guard.exec(text)?.groups?.["rest"];
    if (rest !== undefined) return withoutGuards(rest.trim());
  }
  return text;
}

const TMOUT = String.raw`"?\$(?:TMOUT|\{TMOUT:?-?\})"?`;
const PS1 = String.raw`"?\$(?:PS1|\{PS1:?-?\})"?`;

/** True, and false, in a shell at a prompt that has no TMOUT. */
const [YES, NO] = [
  String.raw`-z ${TMOUT}|(?:-n )?${PS1}|-t [012]|"?\$-"? ==? \*i\*`,
  String.raw`(?:-n )?${TMOUT}|-z ${PS1}|"?\$-"? != \*i\*`,
].map((each) => String.raw`(?:test (?:${each})|\[ (?:${each}) \]|\[\[ (?:${each}) \]\])`);

const GUARDS: readonly RegExp[] = [
  String.raw`case "?\$-"? in \(?\*i\*\)(?<rest>.*?)(?:;;)?\s*esac;?`,
  String.raw`if ${YES}\s*;\s*then\s(?<rest>.*?)\s*;\s*fi;?`,
  String.raw`${YES}\s*&&(?<rest>.*)`,
  String.raw`${NO}\s*\|\|(?<rest>.*)`,
  String.raw`\{\s(?<rest>[^{}]*)\s*\}`,
].map((each) => new RegExp(`^${each}$`, "u"));
