/** TMOUT and autologout that somebody else sets in a system-wide file: who wins. Pure. */
import type { Seconds } from "../../model/terms/duration.ts";
import type { Facts, ForeignTimeout } from "../../model/facts/facts.ts";
import { SHELL_SCRIPT } from "../../model/inventory/host-paths.ts";
import { shellHook } from "./hooks.ts";
import { isPlain } from "./plain-assignment.ts";
import { tmoutValues } from "./tmout-values.ts";
import { unread } from "./reads.ts";

/** What one file does with the variable. */
export interface ForeignSetting {
  readonly file: string;
  /** Of the first line concerned. */
  readonly line: number;
  readonly variable: "TMOUT" | "autologout";
  /** The lines concerned, blanks trimmed, for people. */
  readonly text: string;
  /** The loosest of all numbers in the file, 0 being no limit; undefined where there is none, or one is computed or unset. */
  readonly seconds: Seconds | undefined;
  readonly readonly: boolean;
  /** True where it may not be set for everybody: nobody here knows what a condition comes to. */
  readonly conditional: boolean;
  /** True where it is read before ours. */
  readonly first: boolean;
}

/** One entry per file and variable, in the order of the facts. */
export function foreignSettings(facts: Facts): ForeignSetting[] {
  const lines = facts.foreignTimeouts.map(withoutComment);
  const groups = Map.groupBy(lines, ({ file, text }) => `${variableOf(text)} ${file}`);
  const before = (line: ForeignTimeout): boolean =>
    isBefore(line, dropInsLine(facts)) || isBeforeHook(line, facts);
  return [...groups.values()]
    .map((group) => settingOf(group, before))
    .filter((setting) => setting !== undefined);
}

/**
 * The TMOUT of others that is read before ours and cannot be changed; undefined where there is none. Of several the
 * loosest, as each shell reads files of its own.
 */
export function winningForeign(facts: Facts): ForeignSetting | undefined {
  const winning = foreignSettings(facts).filter(
    ({ variable, first, readonly }) => variable === "TMOUT" && first && readonly,
  );
  return winning.toSorted(byLooseness)[0];
}

/** The loosest first; no limit and an unknown one are looser than any. */
export function byLooseness(left: ForeignSetting, right: ForeignSetting): number {
  return looseness(right.seconds) - looseness(left.seconds);
}

function looseness(seconds: Seconds | undefined): number {
  return seconds === undefined || seconds === 0 ? Number.MAX_SAFE_INTEGER : seconds;
}

/**
 * The TMOUT of others that an idle prompt ends up with; of several the longest, for nobody can tell which is read
 * last. Undefined where none sets a limit. `doubt`: one is computed, or may not be set for everybody, or somebody's
 * shell reads none of the files.
 */
export function othersTimeout({
  foreignTimeouts,
  os,
  shells,
}: Pick<Facts, "foreignTimeouts" | "os" | "shells">): OthersTimeout | undefined {
  const lines = foreignTimeouts.map(withoutComment).filter(({ text }) => variableOf(text) === "TMOUT");
  const values = lines.flatMap((line) => valuesOf(line).map((seconds) => Object.assign({ seconds }, line)));
  if (values.some(({ seconds }) => seconds === 0)) return undefined;
  if (lines.some(({ text }) => /\bunset\b/u.test(text))) return undefined;
  const numbers = values.flatMap(({ seconds, file, line }) =>
    seconds === undefined ? [] : [{ seconds, file, source: `${file}:${line}` }],
  );
  const [longest] = numbers.toSorted((left, right) => right.seconds - left.seconds);
  if (longest === undefined) return undefined;
  const { seconds, source } = longest;
  const computed = values.find((value) => value.seconds === undefined);
  if (computed !== undefined)
    return { seconds, source, doubt: `TMOUT is computed in ${computed.file}:${computed.line}` };
  const conditional = lines.find(({ text }) => !isPlain(text));
  if (conditional !== undefined)
    return { seconds, source, doubt: `${conditional.file}:${conditional.line} ${CONDITIONAL}` };
  const files = numbers.map(({ file }) => file);
  const blind = unread(files, { os, shells });
  if (blind === undefined) return { seconds, source };
  return {
    seconds,
    source,
    doubt: `${blind} is not known to take TMOUT from ${[...new Set(files)].join(", ")}`,
  };
}

/** What a conditional setting does, for people. */
export const CONDITIONAL = "may not set TMOUT for everybody: it depends on a condition";

export interface OthersTimeout {
  readonly seconds: Seconds;
  /** `FILE:LINE`. */
  readonly source: string;
  readonly doubt?: string;
}

/**
 * Where /etc/profile begins to read profile.d, and with it ours; what stands below comes after it, and that is where
 * administrators append. Undefined where the file does not, or cannot be read.
 */
function dropInsLine({ files }: Pick<Facts, "files">): number | undefined {
  const state = files.find(({ path }) => path === "/etc/profile")?.state;
  if (state?.state !== "known") return undefined;
  const index = state.value.content.split("\n").findIndex(readsDropIns);
  return index === -1 ? undefined : index + 1;
}

/** Whether this line of a profile reads `/etc/profile.d`. */
export function readsDropIns(line: string): boolean {
  return /^[^#]*\/etc\/profile\.d\b/u.test(line);
}

function settingOf(
  lines: readonly ForeignTimeout[],
  before: (line: ForeignTimeout) => boolean,
): ForeignSetting | undefined {
  const [start] = lines;
  if (start === undefined) return undefined;
  return {
    file: start.file,
    line: start.line,
    variable: variableOf(start.text),
    text: lines.map(({ text }) => text.trim()).join("; "),
    seconds: loosestOf(lines),
    readonly: lines.some(({ text }) => makesReadonly(text)),
    conditional: !lines.every(({ text }) => isPlain(text)),
    first: before(start),
  };
}

/** `readonly`, or an option `r` of typeset or declare. */
function makesReadonly(text: string): boolean {
  if (/\breadonly\b/u.test(text)) return true;
  let options = false;
  // Word by word: an expression over all of it backtracks.
  for (const word of text.split(/[\s;&|(){}]+/u)) {
    if (options && /^-[A-Za-z]*r/u.test(word)) return true;
    options = word === "typeset" || word === "declare" || (options && word.startsWith("-"));
  }
  return false;
}

/** A word after it may look like an assignment, or promise that the line is readonly. */
function withoutComment(found: ForeignTimeout): ForeignTimeout {
  return Object.assign({}, found, { text: found.text.replace(/[\s;]#.*/u, "") });
}

function variableOf(text: string): ForeignSetting["variable"] {
  return /\bTMOUT\b/u.test(text) ? "TMOUT" : "autologout";
}

/** Which of a file's lines counts for somebody depends on conditions and order, so the loosest does. */
function loosestOf(lines: readonly ForeignTimeout[]): Seconds | undefined {
  if (lines.some(({ text }) => /\bunset\b/u.test(text))) return undefined;
  const values = lines.flatMap(valuesOf);
  // A sort would put what is computed last.
  if (values.includes(undefined)) return undefined;
  return values.toSorted((left, right) => looseness(right) - looseness(left))[0];
}

/** Everything that a line sets TMOUT to; undefined for what is computed. */
function valuesOf({ text }: ForeignTimeout): (Seconds | undefined)[] {
  return tmoutValues(text).map((value) =>
    value === "" ? 0 : /^\d+$/u.test(value) ? Number(value) : undefined,
  );
}

/** Above the line that sources the hook in which our block is. */
function isBeforeHook(
  { file, line }: Pick<ForeignTimeout, "file" | "line">,
  facts: Pick<Facts, "files">,
): boolean {
  const hook = shellHook(file.replace(/^\/usr(?=\/etc\/)/u, ""), facts);
  return hook?.file === file && line < hook.line;
}

/** Whether a line of a system-wide file is read before curfew's own. */
export function readBeforeOurs(
  facts: Pick<Facts, "files">,
): (line: { file: string; line: number }) => boolean {
  const dropIns = dropInsLine(facts);
  return (line) => isBefore(line, dropIns) || isBeforeHook(line, facts);
}

/** Read before profile.d: the environment, the top of /etc/profile, zsh's earlier files; in profile.d by name. */
function isBefore(
  { file, line }: Pick<ForeignTimeout, "file" | "line">,
  dropIns: number | undefined,
): boolean {
  if (file === "/etc/profile" && dropIns !== undefined) return line < dropIns;
  if (/^(?:\/usr)?\/etc\/(?:environment|profile|zshenv|zprofile|zsh\/zshenv|zsh\/zprofile)$/u.test(file))
    return true;
  if (/^\/etc\/(?:environment\.d|security|default)\//u.test(file)) return true;
  return (
    file.startsWith("/etc/profile.d/") && Buffer.compare(Buffer.from(file), Buffer.from(SHELL_SCRIPT)) < 0
  );
}
