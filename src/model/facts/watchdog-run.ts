/** How a service manager runs the watchdog. */
import type { Seconds } from "../terms/duration.ts";

/** A timer of systemd as it is in the end, drop-ins and all, and what came of it. */
export interface WatchdogRun {
  /** From one start to the next, at the latest; null where that has no number. */
  readonly every: Seconds | null;
  /** Since its last start, or since the timer runs; null where systemd does not say. */
  readonly since: Seconds | null;
  /** Of the last run that ended; null where none did. */
  readonly took: Seconds | null;
}
