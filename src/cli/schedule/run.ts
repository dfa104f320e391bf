/** `curfew schedule run`: audits that are watched over, one now or again and again. */
import { homedir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { visible } from "../../core/text/visible.ts";
import { repeat, type ScheduleEffects, takeTurn, type Turn } from "../../flow/schedule/turn.ts";
import { formatDuration, type Seconds } from "../../model/terms/duration.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { stateDirectory } from "../../store/file/xdg.ts";
import { type ExitCode, writeError } from "../terminal/exit.ts";
import { auditArguments, checkAudit, type ScheduledOptions, usualApart } from "./audit.ts";
import { startAudit } from "./audit-process.ts";
import { tellUnfinished } from "./tell-unfinished.ts";
import { takeScheduleTurn } from "./turns.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface RunOptions extends ScheduledOptions {
  readonly name: string;
  readonly once?: true;
  readonly every?: Seconds;
  readonly calendar?: string;
  readonly timeout?: Seconds;
  readonly ifOlder?: Seconds;
  readonly apart?: Seconds;
}

/** Errors: CurfewError `usage`; `input` for a mistake in a file at the start, later ones are told. */
export async function runSchedule(options: RunOptions, terminal: Terminal): Promise<ExitCode> {
  const { name, once, every, timeout = Math.min(2 * 3600, every ?? Infinity), ifOlder } = options;
  const { apart = usualApart(every) } = options;
  if (options.calendar !== undefined) {
    throw new CurfewError("usage", "schedule run has no calendar: give --every", {
      hint: "curfew schedule install hands a calendar to systemd or cron",
    });
  }
  if ((once === true) === (every !== undefined)) {
    throw new CurfewError("usage", "give either --every DURATION or --once");
  }
  const signals = watchSignals(once === true ? undefined : () => void recheck(options, terminal));
  const effects = createEffects(options, timeout, terminal, signals.stopping);
  try {
    if (once === true) return only(await takeTurn(effects, { timeout, ifOlder, apart }), options, terminal);
    await checkAudit({ ...options, quiet: true }, terminal);
    let last: Turn | undefined;
    const turn = async (): Promise<void> => {
      try {
        last = await takeTurn(effects, { timeout, apart });
        say(turnText(last), name, terminal);
      } catch (error) {
        // What keeps one audit from beginning may be over when the next one does.
        writeError(error, terminal);
      }
    };
    say(`every ${formatDuration(every ?? 0)}, each at most ${formatDuration(timeout)}`, name, terminal);
    await repeat(turn, every ?? 0, { ...effects, clock: () => performance.now() });
    return last?.outcome === "stopped" ? 130 : 0;
  } finally {
    signals.close();
  }
}

function only(turn: Turn, { name, verbose }: RunOptions, terminal: Terminal): ExitCode {
  if (turn.outcome !== "finished" || verbose === true) say(turnText(turn), name, terminal);
  if (turn.outcome === "busy" || turn.outcome === "lost") return 75;
  if (turn.outcome === "early" || turn.outcome === "elsewhere") return 0;
  if (turn.outcome === "stopped") return 130;
  const code = turn.exitCode;
  if (turn.outcome === "finished" && (code === 0 || code === 2)) return code;
  return code === 1 || code === 64 ? code : 3;
}

/** One line about a turn, for people. */
function turnText(turn: Turn): string {
  if (turn.outcome === "early") return "nothing to catch up";
  if (turn.outcome === "busy") return `skipped: ${turn.reason}`;
  if (turn.outcome === "lost") {
    return "ended: the database did not hear from this machine, and another one has taken over; nothing of this audit counts";
  }
  if (turn.outcome === "elsewhere") {
    const { owner, last } = turn;
    return `nothing to do: the audit of ${visible(owner)} that began at ${last.startedAt} ${verdictText(last.exitCode)}`;
  }
  const { startedAt, endedAt, exitCode, reason } = turn;
  const seconds = Math.round((Date.parse(endedAt ?? startedAt) - Date.parse(startedAt)) / 1000);
  const took = `after ${formatDuration(seconds)}`;
  if (turn.outcome === "stopped") return `stopped ${took}`;
  if (turn.outcome === "unfinished") return `did not finish: ${visible(reason ?? "")} (${took})`;
  return `${verdictText(exitCode)} ${took}`;
}

function verdictText(exitCode: number | null): string {
  if (exitCode === 0) return "passed";
  return exitCode === 2 ? "failed" : "something could not be judged, stored or told";
}

function say(text: string, name: string, { err }: Terminal): void {
  err(`${new Date().toISOString().replace(/\.\d+/u, "")} ${name}: ${text}\n`);
}

/** Each audit reads its files anew; what SIGHUP adds is to know now whether the next one can. */
async function recheck(options: RunOptions, terminal: Terminal): Promise<void> {
  try {
    await checkAudit(options, terminal);
    say("files read again: no mistake found; the next audit uses them", options.name, terminal);
  } catch (error) {
    writeError(error, terminal);
  }
}

interface Signals {
  readonly stopping: AbortSignal;
  close(): void;
}

/** A resident schedule takes SIGHUP as daemons do; a single run takes it as the end of its terminal. */
function watchSignals(reload: (() => void) | undefined): Signals {
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  const hangUp = reload ?? abort;
  process.on("SIGTERM", abort).on("SIGINT", abort).on("SIGHUP", hangUp);
  return {
    stopping: stop.signal,
    close: () => void process.off("SIGTERM", abort).off("SIGINT", abort).off("SIGHUP", hangUp),
  };
}

function createEffects(
  options: RunOptions,
  timeout: Seconds,
  terminal: Terminal,
  stopping: AbortSignal,
): ScheduleEffects {
  const state = stateDirectory(terminal.environment, homedir());
  const given = [...auditArguments(options), ...(options.verbose === true ? [] : QUIET)];
  const setting = { options, state, terminal, stopping };
  return {
    start: (turn) => startAudit(given, turn, terminal),
    take: () => takeScheduleTurn({ ...setting, timeout, say: (text) => say(text, options.name, terminal) }),
    unstored: (error) => writeError(error, terminal),
    tell: (turn, startedAt, reason) =>
      tellUnfinished(reason === undefined ? undefined : { schedule: options.name, startedAt, reason }, {
        ...setting,
        turn,
      }),
    now: () => new Date(),
    pause: (seconds, signal) => sleep(seconds * 1000, undefined, { signal }).catch(() => {}),
    stopping,
  };
}

/** A journal is no place for progress. */
const QUIET = ["--quiet"];
