/** Audits on a schedule: each a process of its own, one at a time, ended when it takes too long. */
import type { Seconds } from "../../model/terms/duration.ts";
import type { BusySchedule, ScheduleResult, ScheduleTurn } from "../../model/record/schedule.ts";

/** An audit that runs. */
export interface AuditProcess {
  /** `said`: the last words on its standard error. */
  readonly ended: Promise<{
    readonly exitCode: number | null;
    readonly signal: string | null;
    readonly said: string;
  }>;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

/** What a supervised run needs from the world. */
export interface ScheduleEffects {
  /** Starts `curfew audit`. */
  start(turn: ScheduleTurn): AuditProcess;
  /** Errors: those of the store. */
  take(): Promise<ScheduleTurn | BusySchedule>;
  /** A result could not be stored; the audit runs nevertheless. */
  unstored(error: unknown): void;
  /** Tells people that an audit did not come to its end; without a reason, only what could not be delivered yet. */
  tell(turn: ScheduleTurn, startedAt: string, reason: string | undefined): Promise<void>;
  readonly now: () => Date;
  /** Waits so many seconds, less where the signal comes first. */
  pause(seconds: Seconds, signal: AbortSignal): Promise<void>;
  /** Set when the schedule itself is to end. */
  readonly stopping: AbortSignal;
}

/**
 * What became of one turn. `busy` and `early`: nothing was started. `elsewhere`: another machine did it. `lost`: another
 * machine has taken over meanwhile.
 */
export type Turn =
  | (ScheduleResult & { readonly outcome: "finished" | "unfinished" | "stopped" })
  | { readonly outcome: "busy"; readonly reason: string }
  | { readonly outcome: "early" }
  | { readonly outcome: "elsewhere"; readonly owner: string; readonly last: ScheduleResult }
  | { readonly outcome: "lost" };

interface TurnOptions {
  readonly timeout: Seconds;
  /** Nothing is started where the last run began less than so many seconds ago. */
  readonly ifOlder?: Seconds | undefined;
  /** The same for a run of another machine that came to its end, where many machines share the schedule. */
  readonly apart?: Seconds | undefined;
}

/**
 * One audit under the schedule's lock, ended after `timeout` seconds, its result stored. People are told of an audit
 * that did not come to its end, at once and once until one does; one that was killed together with what watched over
 * it is told by the next turn. Errors: those of `take`.
 */
export async function takeTurn(effects: ScheduleEffects, options: TurnOptions): Promise<Turn> {
  const turn = await effects.take();
  if ("busy" in turn) return { outcome: "busy", reason: turn.busy };
  try {
    return skipped(turn, effects, options) ?? (await runTurn(turn, effects, options.timeout));
  } finally {
    await turn.release();
  }
}

/** Undefined where there is something to do. */
function skipped(
  { last, before }: ScheduleTurn,
  { now }: ScheduleEffects,
  { ifOlder, apart = 0 }: TurnOptions,
): Turn | undefined {
  const seconds = before?.seconds ?? undefined;
  if (last?.outcome === "finished" && before !== undefined && seconds !== undefined && seconds < apart) {
    return { outcome: "elsewhere", owner: before.owner, last };
  }
  if (ifOlder === undefined || last === undefined) return undefined;
  const age = (now().getTime() - Date.parse(last.startedAt)) / 1000;
  return age >= 0 && age < ifOlder ? { outcome: "early" } : undefined;
}

async function runTurn(turn: ScheduleTurn, effects: ScheduleEffects, timeout: Seconds): Promise<Turn> {
  const { last, lost } = turn;
  const startedAt = effects.now().toISOString();
  const store = (result: ScheduleResult): Promise<void> => turn.store(result).catch(effects.unstored);
  let since = last?.unfinishedSince ?? null;
  if (last?.outcome === "running" && since === null) {
    since = last.startedAt;
    await effects.tell(turn, last.startedAt, killedText(turn));
  }
  const running = { schema: "curfew/schedule-result/1", startedAt, unfinishedSince: since } as const;
  await store({ ...running, endedAt: null, outcome: "running", exitCode: null, reason: null });
  const end = await supervise(turn, effects, timeout);
  // The audit of one that was frozen may end before its supervisor hears of it.
  if (lost.aborted || !(await turn.still())) return { outcome: "lost" };
  // An audit that did not judge has not delivered what waits; it is delivered here.
  if (end.outcome === "unfinished")
    await effects.tell(turn, startedAt, since === null ? end.reason : undefined);
  const unfinishedSince =
    end.outcome === "unfinished" ? (since ?? startedAt) : end.outcome === "finished" ? null : since;
  const result = { ...running, ...end, endedAt: effects.now().toISOString(), unfinishedSince };
  await store(result);
  return result;
}

function killedText({ before }: ScheduleTurn): string {
  if (before === undefined) return "it was killed, or the machine went down";
  return `it was killed or frozen, or its machine went down or was cut off from the database (${before.owner})`;
}

type End =
  | { readonly outcome: "finished"; readonly exitCode: number; readonly reason: null }
  | { readonly outcome: "unfinished"; readonly exitCode: number | null; readonly reason: string }
  | { readonly outcome: "stopped"; readonly exitCode: number | null; readonly reason: null };

/** An audit that was told to stop finishes what is in flight, told again it breaks off; then nobody asks. */
const UNTIL_AGAIN = 0.4;
const UNTIL_KILLED = 8;

async function supervise(turn: ScheduleTurn, effects: ScheduleEffects, timeout: Seconds): Promise<End> {
  const { stopping } = effects;
  const audit = effects.start(turn);
  const over = new AbortController();
  const ended = audit.ended.finally(() => over.abort());
  const early = AbortSignal.any([stopping, turn.lost]);
  const tooLong = effects.pause(timeout, AbortSignal.any([over.signal, early]));
  await Promise.race([ended, tooLong]);
  const late = !over.signal.aborted && !early.aborted;
  if (!over.signal.aborted) await endAudit(audit, effects, over.signal);
  const { exitCode, signal, said } = await ended;
  if (late) return { outcome: "unfinished", exitCode, reason: `it did not end within ${timeout} s` };
  if (stopping.aborted && (exitCode === null || exitCode === 130)) {
    return { outcome: "stopped", exitCode, reason: null };
  }
  // The exit codes of an audit that judged: passed, failed, unknown.
  if (exitCode === 0 || exitCode === 2 || exitCode === 3) {
    return { outcome: "finished", exitCode, reason: null };
  }
  const how = signal === null ? `it ended with status ${exitCode}` : `it was ended by ${signal}`;
  return { outcome: "unfinished", exitCode, reason: said === "" ? how : `${how}: ${said}` };
}

async function endAudit(audit: AuditProcess, { pause }: ScheduleEffects, over: AbortSignal): Promise<void> {
  audit.kill("SIGTERM");
  await pause(UNTIL_AGAIN, over);
  if (!over.aborted) audit.kill("SIGTERM");
  await pause(UNTIL_KILLED, over);
  if (!over.aborted) audit.kill("SIGKILL");
}

/**
 * Turns until `stopping`: one at once, then one every so many seconds of a monotonic clock, counted from the
 * beginning of the first. A turn that takes longer than that skips those it runs over.
 */
export async function repeat(
  turn: () => Promise<void>,
  every: Seconds,
  { pause, stopping, clock }: Pick<ScheduleEffects, "pause" | "stopping"> & { readonly clock: () => number },
): Promise<void> {
  const begin = clock();
  for (;;) {
    if (stopping.aborted) return;
    await turn();
    const passed = (clock() - begin) / 1000;
    const next = (Math.floor(passed / every) + 1) * every;
    await pause(next - passed, stopping);
  }
}
