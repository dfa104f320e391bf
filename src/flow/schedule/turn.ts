/** Audits on a schedule: each a process of its own, one at a time, ended when it takes too long. */
import type { Seconds } from "../../model/terms/duration.ts";
import type { ScheduleResult } from "../../model/record/schedule.ts";

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
  start(): AuditProcess;
  /** Undefined where a run of this schedule has the lock. */
  lock(): Promise<{ release(): void } | undefined>;
  last(): Promise<ScheduleResult | undefined>;
  store(result: ScheduleResult): Promise<void>;
  /** Tells people that an audit did not come to its end; without a reason, only what could not be delivered yet. */
  tell(startedAt: string, reason: string | undefined): Promise<void>;
  readonly now: () => Date;
  /** Waits so many seconds, less where the signal comes first. */
  pause(seconds: Seconds, signal: AbortSignal): Promise<void>;
  /** Set when the schedule itself is to end. */
  readonly stopping: AbortSignal;
}

/** What became of one turn; `busy` and `early`: nothing was started. */
export type Turn =
  | (ScheduleResult & { readonly outcome: "finished" | "unfinished" | "stopped" })
  | { readonly outcome: "busy" }
  | { readonly outcome: "early" };

/**
 * One audit under the schedule's lock, ended after `timeout` seconds, its result stored. People are told of an audit
 * that did not come to its end, at once and once until one does; one that was killed together with what watched over
 * it is told by the next turn.
 *
 * @param ifOlder Nothing is started where the last run began less than so many seconds ago.
 */
export async function takeTurn(
  effects: ScheduleEffects,
  { timeout, ifOlder }: { readonly timeout: Seconds; readonly ifOlder?: Seconds | undefined },
): Promise<Turn> {
  const lock = await effects.lock();
  if (lock === undefined) return { outcome: "busy" };
  try {
    const last = await effects.last();
    const startedAt = effects.now().toISOString();
    const age = last === undefined ? undefined : (Date.parse(startedAt) - Date.parse(last.startedAt)) / 1000;
    if (ifOlder !== undefined && age !== undefined && age >= 0 && age < ifOlder) return { outcome: "early" };
    let since = last?.unfinishedSince ?? null;
    if (last?.outcome === "running" && since === null) {
      since = last.startedAt;
      await effects.tell(last.startedAt, "it was killed, or the machine went down");
    }
    const running = { schema: "curfew/schedule-result/1", startedAt, unfinishedSince: since } as const;
    await effects.store({ ...running, endedAt: null, outcome: "running", exitCode: null, reason: null });
    const end = await supervise(effects, timeout);
    // No audit that judged delivers what waits: this is the only one who can.
    if (end.outcome === "unfinished") await effects.tell(startedAt, since === null ? end.reason : undefined);
    const unfinishedSince =
      end.outcome === "unfinished" ? (since ?? startedAt) : end.outcome === "finished" ? null : since;
    const result = { ...running, ...end, endedAt: effects.now().toISOString(), unfinishedSince };
    await effects.store(result);
    return result;
  } finally {
    lock.release();
  }
}

type End =
  | { readonly outcome: "finished"; readonly exitCode: number; readonly reason: null }
  | { readonly outcome: "unfinished"; readonly exitCode: number | null; readonly reason: string }
  | { readonly outcome: "stopped"; readonly exitCode: number | null; readonly reason: null };

/** An audit that was told to stop finishes what is in flight, told again it breaks off; then nobody asks. */
const UNTIL_AGAIN = 0.4;
const UNTIL_KILLED = 8;

async function supervise(effects: ScheduleEffects, timeout: Seconds): Promise<End> {
  const { stopping } = effects;
  const audit = effects.start();
  const over = new AbortController();
  const ended = audit.ended.finally(() => over.abort());
  const tooLong = effects.pause(timeout, AbortSignal.any([over.signal, stopping]));
  await Promise.race([ended, tooLong]);
  const late = !over.signal.aborted && !stopping.aborted;
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
