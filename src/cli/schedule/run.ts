/** `curfew schedule run`: audits that are watched over, one now or again and again. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { visible } from "../../core/text/visible.ts";
import {
  type AuditProcess,
  repeat,
  type ScheduleEffects,
  takeTurn,
  type Turn,
} from "../../flow/schedule/turn.ts";
import type { UnfinishedAudit } from "../../model/record/alert.ts";
import { formatDuration, type Seconds } from "../../model/terms/duration.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { createRunId } from "../../store/run/journal.ts";
import { stateDirectory } from "../../store/file/xdg.ts";
import type { AlertRequest } from "./audit-alerts.ts";
import { type ExitCode, writeError } from "../terminal/exit.ts";
import { auditArguments, checkAudit, type ScheduledOptions } from "./audit.ts";
import { curfewScript } from "../../flow/schedule/places.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface RunOptions extends ScheduledOptions {
  readonly name: string;
  readonly once?: true;
  readonly every?: Seconds;
  readonly calendar?: string;
  readonly timeout?: Seconds;
  readonly ifOlder?: Seconds;
}

/** Errors: CurfewError `usage`; `input` for a mistake in a file at the start, later ones are told. */
export async function runSchedule(options: RunOptions, terminal: Terminal): Promise<ExitCode> {
  const { name, once, every, timeout = Math.min(2 * 3600, every ?? Infinity), ifOlder } = options;
  if (options.calendar !== undefined) {
    throw new CurfewError("usage", "schedule run has no calendar: give --every", {
      hint: "curfew schedule install hands a calendar to systemd or cron",
    });
  }
  if ((once === true) === (every !== undefined)) {
    throw new CurfewError("usage", "give either --every DURATION or --once");
  }
  const signals = watchSignals(once === true ? undefined : () => void recheck(options, terminal));
  const effects = createEffects(options, terminal, signals.stopping);
  try {
    if (once === true)
      return await only(await takeTurn(effects, { timeout, ifOlder }), effects, options, terminal);
    await checkAudit({ ...options, quiet: true }, terminal);
    let last: Turn | undefined;
    const turn = async (): Promise<void> => {
      try {
        last = await takeTurn(effects, { timeout });
        say(await turnText(last, effects), name, terminal);
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

async function only(
  turn: Turn,
  effects: ScheduleEffects,
  { name, verbose }: RunOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  if (turn.outcome !== "finished" || verbose === true) say(await turnText(turn, effects), name, terminal);
  if (turn.outcome === "busy") return 75;
  if (turn.outcome === "early") return 0;
  if (turn.outcome === "stopped") return 130;
  const code = turn.exitCode;
  if (turn.outcome === "finished" && (code === 0 || code === 2)) return code;
  return code === 1 || code === 64 ? code : 3;
}

/** One line about a turn, for people. */
async function turnText(turn: Turn, { last }: ScheduleEffects): Promise<string> {
  if (turn.outcome === "early") return "nothing to catch up";
  if (turn.outcome === "busy") {
    const running = await last();
    return `skipped: the audit that began at ${running?.startedAt ?? "an unknown time"} is still running`;
  }
  const { startedAt, endedAt, exitCode, reason } = turn;
  const seconds = Math.round((Date.parse(endedAt ?? startedAt) - Date.parse(startedAt)) / 1000);
  const took = `after ${formatDuration(seconds)}`;
  if (turn.outcome === "stopped") return `stopped ${took}`;
  if (turn.outcome === "unfinished") return `did not finish: ${visible(reason ?? "")} (${took})`;
  const verdict =
    exitCode === 0 ? "passed" : exitCode === 2 ? "failed" : "something could not be judged, stored or told";
  return `${verdict} ${took}`;
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

function createEffects(options: RunOptions, terminal: Terminal, stopping: AbortSignal): ScheduleEffects {
  const { name } = options;
  const state = stateDirectory(terminal.environment, homedir());
  const results = import("../../store/schedule/result.ts");
  return {
    start: () =>
      startAudit([...auditArguments(options), ...(options.verbose === true ? [] : QUIET)], terminal),
    async lock() {
      const { takeScheduleLock } = await import("../../store/schedule/lock.ts");
      return takeScheduleLock(state, name);
    },
    last: async () => (await results).readScheduleResult(state, name),
    async store(result) {
      // A full disk is no reason to audit nothing.
      await (
        await results
      )
        .writeScheduleResult(state, name, result)
        .catch((error: unknown) => writeError(error, terminal));
    },
    tell: (startedAt, reason) =>
      tell(reason === undefined ? undefined : { schedule: name, startedAt, reason }, options, {
        state,
        terminal,
        stopping,
      }),
    now,
    pause: (seconds, signal) => sleep(seconds * 1000, undefined, { signal }).catch(() => {}),
    stopping,
  };
}

/** A journal is no place for progress. */
const QUIET = ["--quiet"];

/** As much of an error as a message carries. */
const SAID = 500;

/** A process of its own: memory of a run is gone with it, and nothing in it can keep it from being ended. */
function startAudit(given: readonly string[], { err, environment }: Terminal): AuditProcess {
  const child = spawn(process.execPath, [curfewScript(), "audit", ...given], {
    // The channel tells the audit when its supervisor is gone; cli/progress/interrupts.ts.
    stdio: ["ignore", "inherit", "pipe", "ipc"],
    env: environment,
  });
  let tail = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-4096);
    err(text);
  });
  const ended = new Promise<Awaited<AuditProcess["ended"]>>((settle) => {
    child.once("error", ({ message }) => settle({ exitCode: null, signal: null, said: message }));
    child.once("close", (exitCode, signal) => settle({ exitCode, signal, said: lastError(tail) }));
  });
  return { ended, kill: (signal) => void child.kill(signal) };
}

function lastError(tail: string): string {
  const lines = tail.split("\n").filter((line) => line.trim() !== "");
  const error = lines.findLast((line) => line.startsWith("error: ")) ?? lines.at(-1) ?? "";
  return error.replace(/^error: /u, "").slice(0, SAID);
}

type Telling = Pick<AlertRequest, "state" | "terminal"> & { readonly stopping: AbortSignal };

/** Says it to everybody in the alerts file. What goes wrong with that is told here. */
async function tell(
  unfinished: UnfinishedAudit | undefined,
  options: RunOptions,
  { state, terminal, stopping }: Telling,
): Promise<void> {
  if (options.alerts === undefined) return;
  try {
    const [{ loadAlerts }, { tellOfUnfinished }, { loadPolicy }] = await Promise.all([
      import("../../config/policy/alerts.ts"),
      import("./audit-alerts.ts"),
      import("../../config/policy/policy.ts"),
    ]);
    const alerts = await loadAlerts(options.alerts);
    const file = resolve(options.policy ?? "");
    // A policy with a mistake may be just what kept the audit from its end.
    const policy = await loadPolicy(file).then(
      (loaded) => loaded.policy.name,
      () => file,
    );
    const runId = createRunId("schedule", now(), randomBytes(4).toString("hex"));
    const request = { alerts, state, now, aborting: stopping, terminal, quiet: options.quiet === true };
    const failure = await tellOfUnfinished(unfinished, policy, runId, request);
    if (failure !== undefined) writeError(failure, terminal);
  } catch (error) {
    writeError(error, terminal);
  }
}

function now(): Date {
  return new Date();
}
