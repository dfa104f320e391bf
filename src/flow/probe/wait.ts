/** Waiting for one thing or for a moment, whichever comes first. Times are those of `performance.now()`. */

/**
 * What the promise gives, or undefined once `until` has come.
 * Errors: the signal's reason when it is aborted first; those of the promise.
 */
export function over<T>(promise: Promise<T>, until: number, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    };
    const abort = (): void => {
      settle();
      reject(signal.reason as Error);
    };
    const timer = setTimeout(
      () => {
        settle();
        resolve(undefined);
      },
      Math.max(0, until - performance.now()),
    );
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) return abort();
    promise.finally(settle).then(resolve, reject);
  });
}

/** Whether the promise resolves before `until`. Errors: as `over`. */
export async function inTime(promise: Promise<void>, until: number, signal: AbortSignal): Promise<boolean> {
  const resolved = promise.then(() => true);
  return (await over(resolved, until, signal)) === true;
}

/** Waits so many milliseconds. Errors: the signal's reason when it is aborted first. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await over(new Promise<never>(() => undefined), performance.now() + milliseconds, signal);
}
