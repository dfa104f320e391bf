/** Whether a session that must be kept is still of use to the person in it. */
import { hasTerminal } from "../../model/terms/session-kind.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { OpenProbe } from "./opened.ts";
import { PROBE_PROGRAMS } from "./programs.ts";
import { inTime, over } from "./wait.ts";

const ANSWER_SECONDS = 8;

/** Asks the session, as its kind allows. Errors: those of `over` when the run is aborted. */
export async function answers(open: OpenProbe): Promise<boolean> {
  return hasTerminal(open.planned.session) ? terminalAnswers(open) : connectionAnswers(open);
}

/** The terminal of a session that has one. */
export function terminalOf({ terminal, planned }: OpenProbe): NonNullable<OpenProbe["terminal"]> {
  if (terminal !== undefined) return terminal;
  throw new CurfewError("internal", `a ${planned.session} session has no terminal`);
}

/**
 * An empty line: what is typed here would stay in somebody's history. A prompt that comes back is the
 * shell's own doing; the terminal's echo shows only a line feed. An editor or pager has no echo, so whatever
 * comes is its own. What prints by itself has to go on.
 */
async function terminalAnswers(open: OpenProbe): Promise<boolean> {
  const { clock, planned } = open;
  const terminal = terminalOf(open);
  const before = terminal.transcript();
  const since = clock();
  if (!isNoisy(open)) terminal.write("\r");
  while (clock() < since + ANSWER_SECONDS * 1000) {
    if ((await over(terminal.ended, clock() + 100, open)) !== undefined) return false;
    if (isNoisy(open) && terminal.lastActivity() > since) return true;
    const grown = grownBy(before, terminal.transcript());
    const own = planned.session === "foreground-program" ? grown !== "" : /\S/u.test(grown);
    if (own && !isNoisy(open)) return true;
  }
  // A status line may be quieter than that; what counts is that it is still drawn at all.
  return isNoisy(open) && since - terminal.lastActivity() < LONGEST_STATUS_MS;
}

/** tmux redraws its status line that often, with room for a busy host. */
const LONGEST_STATUS_MS = 20_000;

/** The transcript keeps only its end. */
function grownBy(before: string, now: string): string {
  if (now.length > before.length) return now.slice(before.length);
  return now === before ? "" : now.slice(-200);
}

function isNoisy({ planned: { session } }: OpenProbe): boolean {
  return session in PROBE_PROGRAMS && PROBE_PROGRAMS[session as keyof typeof PROBE_PROGRAMS].noisy;
}

/**
 * What has no terminal is asked over its connection. sshd tells things in order: had it closed the channel,
 * that would be known before it answers about another.
 */
async function connectionAnswers(open: OpenProbe): Promise<boolean> {
  const { connection, channel, planned, clock, signal } = open;
  const until = clock() + ANSWER_SECONDS * 1000;
  try {
    if (planned.session === "unused-connection") {
      return await inTime(connection.noMoreSessions(signal), until, open);
    }
    const other = await over(connection.openCommand(":", signal), until, open);
    other?.close();
    return other !== undefined && (await over(channel.ended, clock() + 100, open)) === undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    return false;
  }
}
