/** Whether a line of a shell file sets TMOUT for everybody who reads the file. Pure. */

/**
 * False where somebody may be left out: under a condition, in a branch (what is indented stands in one), or in a
 * command that nobody here understands. A condition that only asks whether the shell is interactive, or whether
 * TMOUT is set already, leaves nobody out who sits at a prompt.
 */
export function isPlain(text: string): boolean {
  if (/^\s/u.test(text)) return false;
  return withoutGuards(text.trim())
    .split(/;|&&/u)
    .map((part) => part.trim())
    .every((part) => part === "" || STATEMENT.test(part));
}

/** Builtins that do not fail, assignments, and pam_env's form. A word after an assignment would be a command. */
const STATEMENT =
  /^(?:(?:(?:readonly|export|declare|typeset)(?:\s+-\w+)*(?:\s+\w+(?:=\S*)?)+)|(?:\w+=\S*\s*)+|:\s+"?\$\{TMOUT:?=\d+\}"?|TMOUT\s+(?:DEFAULT|OVERRIDE)=\S*(?:\s+(?:DEFAULT|OVERRIDE)=\S*)?)$/u;

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
