/** Every line of a host's sshd configuration, in the order in which sshd reads them. Pure. */
import { posix } from "node:path";
import type { Facts, FileFact } from "../../model/facts/facts.ts";
import { parseSshdConfig, type SshdDirective } from "./config-text.ts";

/** A directive and the file it stands in, as configured. */
export interface LocatedDirective extends SshdDirective {
  readonly file: string;
}

/**
 * The main file with its Include lines replaced by what they reach. Each file counts once, where it is
 * reached first; one that only an included file reaches comes last. Files that nobody could read are
 * left out: `unreadFiles` tells them.
 */
export function sshdDirectives(facts: Facts): readonly LocatedDirective[] {
  const known = read.get(facts) ?? readAll(facts);
  read.set(facts, known);
  return known;
}

/** A host's files are asked about for every account and kind of session, and they never change. */
const read = new WeakMap<Facts, readonly LocatedDirective[]>();

function readAll({ sshd }: Facts): LocatedDirective[] {
  const rest = new Set(sshd.dropIns);
  const found = directivesOf(sshd.mainFile, null).flatMap((directive) => {
    if (directive.keyword !== "include") return [directive];
    return directive.args.flatMap((pattern) => {
      const reached = [...rest].filter(({ path }) => includeMatches(pattern, path));
      for (const file of reached) rest.delete(file);
      return reached.flatMap((file) => directivesOf(file, directive.match));
    });
  });
  return [...found, ...[...rest].flatMap((file) => directivesOf(file, null))];
}

/** `inherited`: the Match that the Include line itself stands under. */
function directivesOf({ path, state }: FileFact, inherited: string | null): LocatedDirective[] {
  if (state.state !== "known") return [];
  return parseSshdConfig(state.value.content).map(({ line, keyword, args, match }) => ({
    line,
    keyword,
    args,
    match: match ?? inherited,
    file: path,
  }));
}

/** Paths of configuration files that exist and nobody could read. */
export function unreadFiles({ sshd }: Facts): string[] {
  const files = [sshd.mainFile, ...sshd.dropIns].filter(({ state }) => state.state === "unreadable");
  return files.map(({ path }) => path);
}

/** Whether an Include argument reaches a path; sshd_config(5): relative to /etc/ssh. */
export function includeMatches(pattern: string, path: string): boolean {
  return globMatches(includePath(pattern), path);
}

/** sshd_config(5) Include: files without an absolute path are in /etc/ssh. */
export function includePath(pattern: string): string {
  return pattern.startsWith("/") ? pattern : posix.join("/etc/ssh", pattern);
}

/**
 * glob(7) for `*` and `?`, neither of which crosses a slash; a pattern with brackets matches
 * nothing here. Backtracks to the last star only, so a hostile pattern costs no time.
 */
export function globMatches(pattern: string, path: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  let index = 0;
  while (index < path.length) {
    const expected = pattern[at];
    const actual = path[index];
    if (expected === "*") {
      star = at++;
      resume = index;
    } else if (expected === actual || (expected === "?" && actual !== "/")) {
      at++;
      index++;
    } else if (star >= 0 && path[resume] !== "/") {
      at = star + 1;
      index = ++resume;
    } else return false;
  }
  return /^\**$/u.test(pattern.slice(at));
}
