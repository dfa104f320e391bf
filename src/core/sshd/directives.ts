/** Every line of a host's sshd configuration, in the order in which sshd reads them. Pure. */
import { posix } from "node:path";
import type { Facts, FileFact } from "../../model/facts/facts.ts";
import { parseSshdConfig, type SshdDirective } from "./config-text.ts";
import { pathMatches } from "./glob.ts";

/** A directive and the file it stands in, as configured. */
export interface LocatedDirective extends SshdDirective {
  readonly file: string;
}

/**
 * The main file with each Include line replaced by what it reaches, as often as it is reached, and what that includes.
 * What stands under an Include under Match holds where both match. Files that nobody could read are left out:
 * `unreadFiles` tells them.
 */
export function sshdDirectives(facts: Facts): readonly LocatedDirective[] {
  const known = read.get(facts) ?? inReadingOrder(facts.sshd.mainFile, facts.sshd.dropIns);
  read.set(facts, known);
  return known;
}

/** A host's files are asked about for every account and kind of session, and they never change. */
const read = new WeakMap<Facts, readonly LocatedDirective[]>();

/** sshd itself refuses more files within one another (SERVCONF_MAX_DEPTH in servconf.c). */
const DEPTH = 16;
/** So many files at most, as one may be included again and again. */
const FILES = 2000;
/** Under which a line stands of which it was not found out when sshd reads it. */
const UNPLACED = "(unknown)";

/** The lines of a main file and of all that it includes, in the order in which sshd reads them. */
export function inReadingOrder(main: FileFact, dropIns: readonly FileFact[]): LocatedDirective[] {
  const rest = new Set(dropIns);
  let files = 0;
  const linesOf = (file: FileFact, outer: string | null, depth: number): LocatedDirective[] => {
    rest.delete(file);
    files++;
    return ownLines(file, outer).flatMap((line) => {
      if (line.keyword !== "include") return [line];
      const reached = line.args.flatMap((pattern) => reachedBy(pattern, dropIns));
      return depth === DEPTH || files + reached.length > FILES
        ? []
        : reached.flatMap((each) => linesOf(each, line.match, depth + 1));
    });
  };
  const found = linesOf(main, null, 1);
  return [...found, ...[...rest].flatMap((file) => ownLines(file, UNPLACED))];
}

/** `outer`: the Match that the Include line itself stands under. */
function ownLines({ path, state }: FileFact, outer: string | null): LocatedDirective[] {
  if (state.state !== "known") return [];
  return parseSshdConfig(state.value.content).map(({ line, keyword, args, match }) => ({
    line,
    keyword,
    args,
    match: both(outer, match),
    file: path,
  }));
}

/** Criteria that match where both do. */
function both(outer: string | null, inner: string | null): string | null {
  if (outer === null || inner === null) return inner ?? outer;
  if (isAll(inner)) return outer;
  return isAll(outer) ? inner : `${outer} ${inner}`;
}

function isAll(match: string): boolean {
  return /^all$/iu.test(match.trim());
}

/** sshd reads what a pattern reaches in byte order. */
function reachedBy(pattern: string, files: readonly FileFact[]): FileFact[] {
  const reached = files.filter(({ path }) => includeMatches(pattern, path));
  return reached.toSorted((left, right) => Buffer.compare(Buffer.from(left.path), Buffer.from(right.path)));
}

/** Paths of configuration files that exist and nobody could read. */
export function unreadFiles({ sshd }: Facts): string[] {
  const files = [sshd.mainFile, ...sshd.dropIns].filter(({ state }) => state.state === "unreadable");
  return files.map(({ path }) => path);
}

/** Whether an Include argument reaches a path; sshd_config(5): relative to /etc/ssh. */
export function includeMatches(pattern: string, path: string): boolean {
  return pathMatches(includePath(pattern), path);
}

/** sshd_config(5) Include: files without an absolute path are in /etc/ssh. */
export function includePath(pattern: string): string {
  return pattern.startsWith("/") ? pattern : posix.join("/etc/ssh", pattern);
}
