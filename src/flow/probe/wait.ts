/** Waiting for one thing or for a moment, whichever comes first. Moments are those of the run's clock. */
import type { Time } from "../../model/time.ts";

/** What bounds a wait: the run's clock and timer, and what ends all waiting. */
export interface Waiting extends Time {
  readonly signal: AbortSignal;
}

const LATE = Symbol("the moment came first");

/**
 * What the promise gives, or undefined once `until` has come.
 * Errors: the signal's reason when it is aborted first; those of the promise.
 */
export async function over<T>(
  promise: Promise<T>,
  until: number,
  { clock, pause, signal }: Waiting,
): Promise<T | undefined> {
  const timer = new AbortController();
  const abort = (): void => timer.abort();
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  const moment = pause(Math.max(0, until - clock()), timer.signal).then((): typeof LATE => LATE);
  try {
    const first = await Promise.race([moment, promise]);
    if (first !== LATE) return first;
    if (signal.aborted) throw signal.reason;
    return undefined;
  } finally {
    signal.removeEventListener("abort", abort);
    abort();
  }
}

/** Whether the promise resolves before `until`. Errors: as `over`. */
export async function inTime(promise: Promise<void>, until: number, waiting: Waiting): Promise<boolean> {
  const resolved = promise.then(() => true);
  return (await over(resolved, until, waiting)) === true;
}

/** Waits so many milliseconds. Errors: the signal's reason when it is aborted first. */
export async function rest(milliseconds: number, { pause, signal }: Waiting): Promise<void> {
  await pause(milliseconds, signal);
  signal.throwIfAborted();
}
