/** Time as a use case is given it, so that it can be read, and tested, without waiting. */

/** The clock and the timer of one run. */
export interface Time {
  /** Milliseconds of a monotonic clock: the one in which connections tell when something happened. */
  readonly clock: () => number;
  /** Resolves after so many milliseconds, or as soon as the signal is aborted. Never rejects. */
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}
