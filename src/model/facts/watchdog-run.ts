/** How a service manager runs the watchdog. */
import type { Seconds } from "../terms/duration.ts";

/** What the watchdog itself said when it last looked. */
export interface WatchdogWord {
  /** Since then, or since it is to look. */
  readonly since: Seconds;
  /** Why it can end nobody. */
  readonly cannot?: string;
}

/** A timer of systemd as it is in the end, drop-ins and all, and what came of it. */
export interface WatchdogRun {
  /** From one start to the next, at the latest; null where that has no number. */
  readonly every: Seconds | null;
  /** Since its last start, or since the timer runs; null where systemd does not say. */
  readonly since: Seconds | null;
  /** Of the last run that ended; null where none did. */
  readonly took: Seconds | null;
  /** What of its units keeps it from ending anybody, as systemd shows it; left out: nothing that is known. */
  readonly hindered?: string;
  /** What its last run came to, where that was no success. */
  readonly failed?: string;
}
