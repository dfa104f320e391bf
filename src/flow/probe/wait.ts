/** Waiting for one thing or for a moment, whichever comes first. Moments are those of the run's clock. */
import type { Time } from "../../model/terms/time.ts";

/** What bounds a wait: the run's clock and timer, and what ends all waiting. */
export interface Waiting extends Time {
  readonly signal: AbortSignal;
}

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
  const stopped = Promise.withResolvers<never>();
  const abort = (): void => stopped.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  const moment = pause(Math.max(0, until - clock()), timer.signal).then(() => undefined);
  try {
    // The first of those that are settled already: an abort.
    return await Promise.race([stopped.promise, promise, moment]);
  } finally {
    signal.removeEventListener("abort", abort);
    timer.abort();
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
