/** What people's own files have in them that may keep a shell from ending: the section `own-files`. */
import type { LoginShell, OwnFiles, OwnKind, OwnLine } from "../../model/facts/login-shell.ts";
import { visible } from "../text/visible.ts";
import { lines, malformed, type Sections } from "../answer/sections.ts";

/** The words of `templates/remote/own-files.sh`. */
const KINDS: ReadonlySet<string> = new Set<OwnKind>([
  "tmout",
  "alarm",
  "leaving",
  "exec",
  "program",
  "elsewhere",
  "computed",
  "environment",
  "command",
  "certificate",
  "key-environment",
  "no-pty",
]);

/** What is known of one login line. */
interface Looked {
  /** A name may come twice, of two accounts; each is one. */
  seen: number;
  readonly lines: OwnLine[];
  readonly unread: { readonly user: string; readonly reason: string }[];
}

/**
 * By the position of the login line from 1: NUMBER TAB NAME TAB WORD TAB ROOT TAB WHERE. A script that does not look
 * leaves the section out. Errors: CurfewError `remote` for lines that the script cannot have written.
 */
export function parseOwnFiles(sections: Sections): (number: number) => Pick<LoginShell, "own"> {
  const section = sections.maybe("own-files");
  if (section === undefined) return () => ({});
  const found = new Map<number, Looked>();
  for (const line of lines(section)) {
    const [id = "", name = "", word = "", root = "", where = ""] = line.split("\t");
    if (!/^[1-9]\d{0,2}$/u.test(id) || name === "")
      throw malformed(sections.host, "own-files", `a line begins with ${visible(line).slice(0, 40)}`);
    const looked = found.get(Number(id)) ?? { seen: 0, lines: [], unread: [] };
    found.set(Number(id), looked);
    const user = visible(name).slice(0, 100);
    const at = visible(where).slice(0, 300);
    if (word === "read") looked.seen += 1;
    else if (word === "unread") looked.unread.push({ user, reason: at });
    else if (isKind(word)) looked.lines.push({ user, kind: word, root: visible(root).slice(0, 40), at });
    else throw malformed(sections.host, "own-files", `a line says ${visible(word).slice(0, 40)}`);
  }
  const nothing: OwnFiles = { seen: 0, lines: [], unread: [] };
  return (number) => ({ own: found.get(number) ?? nothing });
}

function isKind(word: string): word is OwnKind {
  return KINDS.has(word);
}
