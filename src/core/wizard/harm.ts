/** Who would be hurt: what runs on a host right now and might end with an idle limit. Pure. */
import type { Seconds } from "../../model/duration.ts";
import { lineage, type RunningProcess, type WizardSurvey } from "./survey.ts";

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
  const found = processes.flatMap((each) => {
    const kind = kindOf(each, byPid);
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
  const seconds = Math.max(first.seconds, ...others.map((each) => each.seconds));
  return { ...first, seconds, count: 1 + others.length };
}

const EDITOR =
  /vscode-server|cursor-server|code-server|windsurf-server|zed-remote-server|JetBrains|remote-dev-server/u;
const MULTIPLEXER = /^(?:tmux: server|screen|SCREEN|zellij|abduco|dtach)$/u;
const TRANSFER = /^(?:rsync|sftp-server|scp)$/u;
/** What every login brings along, and what only waits for something else. */
const AROUND =
  /^(?:-?(?:ba|z|k|mk|pdk|da|fi|tc|c|a)?sh|sshd.*|sudo|su|login|systemd.*|\(sd-pam\)|dbus-.*|ssh-agent|gpg-agent|tmux: client)$/u;

function kindOf(each: RunningProcess, byPid: ReadonlyMap<number, RunningProcess>): HarmKind | undefined {
  if (MULTIPLEXER.test(each.command)) return "multiplexer";
  if (each.uid !== 0 && EDITOR.test(each.words)) return "editor";
  const above = lineage(each.pid, byPid).slice(1);
  const login = above.findIndex(isLogin);
  const kind = each.terminal ? "program" : "job";
  if (login < 0 || each.seconds < AGE[kind] || AROUND.test(each.command)) return undefined;
  // Below a program that is counted already, as compilers are below make.
  if (above.slice(0, login).some(({ command }) => !AROUND.test(command))) return undefined;
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
