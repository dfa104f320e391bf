/** TMOUT and autologout that somebody else sets in a system-wide file: who wins. Pure. */
import type { Seconds } from "../model/duration.ts";
import type { Facts, ForeignTimeout } from "../model/facts.ts";
import { SHELL_SCRIPT } from "../model/host-paths.ts";

/** What one file does with the variable. */
export interface ForeignSetting {
  readonly file: string;
  /** Of the first line concerned. */
  readonly line: number;
  readonly variable: "TMOUT" | "autologout";
  /** The lines concerned, blanks trimmed, for people. */
  readonly text: string;
  /** Of the last plain assignment; undefined where there is none. */
  readonly seconds: Seconds | undefined;
  readonly readonly: boolean;
  /** True where it is read before ours. */
  readonly first: boolean;
}

/** One entry per file and variable, in the order of the facts. */
export function foreignSettings(facts: Facts): ForeignSetting[] {
  const groups = Map.groupBy(facts.foreignTimeouts, ({ file, text }) => `${variableOf(text)} ${file}`);
  return [...groups.values()].map(settingOf).filter((setting) => setting !== undefined);
}

/** A TMOUT of somebody else that is read before ours and cannot be changed; undefined where there is none. */
export function winningForeign(facts: Facts): ForeignSetting | undefined {
  return foreignSettings(facts).find(
    ({ variable, first, readonly }) => variable === "TMOUT" && first && readonly,
  );
}

function settingOf(lines: readonly ForeignTimeout[]): ForeignSetting | undefined {
  const [start] = lines;
  if (start === undefined) return undefined;
  return {
    file: start.file,
    line: start.line,
    variable: variableOf(start.text),
    text: lines.map(({ text }) => text.trim()).join("; "),
    seconds: lines.map(secondsOf).findLast((seconds) => seconds !== undefined),
    readonly: lines.some(({ text }) => /\breadonly\b|\b(?:typeset|declare)\s+-\w*r/u.test(text)),
    first: isBefore(start.file),
  };
}

function variableOf(text: string): ForeignSetting["variable"] {
  return /\bTMOUT\b/u.test(text) ? "TMOUT" : "autologout";
}

function secondsOf({ text }: ForeignTimeout): Seconds | undefined {
  const digits = /\bTMOUT=["']?(\d{1,9})\b/u.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Read before profile.d: the environment, /etc/profile itself, zsh's earlier files; in profile.d by name. */
function isBefore(file: string): boolean {
  if (/^(?:\/usr)?\/etc\/(?:environment|profile|zshenv|zprofile|zsh\/zshenv|zsh\/zprofile)$/u.test(file))
    return true;
  if (/^\/etc\/(?:environment\.d|security|default)\//u.test(file)) return true;
  return (
    file.startsWith("/etc/profile.d/") && Buffer.compare(Buffer.from(file), Buffer.from(SHELL_SCRIPT)) < 0
  );
}
