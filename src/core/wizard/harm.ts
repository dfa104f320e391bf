/** Who would be hurt: what runs on a host right now and might end with an idle limit. Pure. */
import type { Seconds } from "../../model/terms/duration.ts";
import { AROUND, EDITOR, MULTIPLEXER, TRANSFER } from "../people/programs.ts";
import { fromTop, type RunningProcess, type WizardSurvey } from "./survey.ts";

/**
 * `job`: a command over SSH without a terminal; `transfer`: rsync, sftp (also sshfs), scp;
 * `editor`: the remote half of an editor; `multiplexer`: tmux, screen; `program`: something in the
 * foreground of a terminal.
 */
export type HarmKind = "job" | "transfer" | "editor" | "multiplexer" | "program";

export interface Harm {
  readonly user: string;
  readonly kind: HarmKind;
  /** Name of the program, visible text. */
  readonly what: string;
  /** How long the oldest of them has been running. */
  readonly seconds: Seconds;
  readonly count: number;
}

/** Younger ones will be over before anybody could call them idle; people look into a file for a moment. */
const AGE = { job: 5, program: 60 } as const;

/** Longest first; null where the processes could not be read. */
export function harmIn({ processes, accounts }: WizardSurvey): readonly Harm[] | null {
  if (processes === null) return null;
  const byPid = new Map(processes.map((each) => [each.pid, each]));
  const names = new Map(accounts.map(({ uid, name }) => [uid, name]));
  const places = fromTop(processes, byPid, placeIn);
  const found = processes.flatMap((each) => {
    const parent = byPid.get(each.ppid);
    const kind = kindOf(each, parent === undefined ? "none" : places.get(parent));
    const user = names.get(each.uid);
    if (kind === undefined || user === undefined) return [];
    return [{ user, kind, what: nameOf(each, kind), seconds: each.seconds, count: 1 }];
  });
  const groups = Map.groupBy(found, ({ user, kind, what }) => JSON.stringify([user, kind, what]));
  return [...groups.values()]
    .flatMap(([first, ...others]) => (first === undefined ? [] : [merge(first, others)]))
    .toSorted((left, right) => right.seconds - left.seconds);
}

function merge(first: Harm, others: readonly Harm[]): Harm {
  const seconds = others.reduce((most, each) => Math.max(most, each.seconds), first.seconds);
  return { ...first, seconds, count: 1 + others.length };
}

/** Where a process's children are: in a login, below a program of one that is counted already, or in none. */
type Place = "login" | "program" | "none";

function placeIn(each: RunningProcess, above: Place = "none"): Place {
  if (isLogin(each)) return "login";
  // As compilers are below make.
  return above === "none" || AROUND.test(each.command) ? above : "program";
}

function kindOf(each: RunningProcess, place: Place | undefined): HarmKind | undefined {
  if (MULTIPLEXER.test(each.command)) return "multiplexer";
  if (each.uid !== 0 && EDITOR.test(each.words)) return "editor";
  const kind = each.terminal ? "program" : "job";
  if (place !== "login" || each.seconds < AGE[kind] || AROUND.test(each.command)) return undefined;
  return TRANSFER.test(each.command) ? "transfer" : kind;
}

/** sshd's own process for one session; the listener's words have no account in them. */
function isLogin({ command, words }: RunningProcess): boolean {
  return command.startsWith("sshd") && /^sshd(?:-session)?: \S/u.test(words) && !words.includes("[listener]");
}

function nameOf({ command, words }: RunningProcess, kind: HarmKind): string {
  if (kind === "multiplexer") return command.startsWith("tmux") ? "tmux" : command.toLowerCase();
  if (kind === "editor") return EDITOR.exec(words)?.[0] ?? command;
  return command;
}
