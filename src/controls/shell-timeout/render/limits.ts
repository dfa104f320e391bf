/** What a limit becomes for shells that do not count in seconds, or count differently. */
import type { Seconds } from "../../../model/terms/duration.ts";

/** ksh93 warns after TMOUT and ends the shell 60 s later (measured on 93u+m; `TGRACE` of its source). */
export const KSH93_GRACE: Seconds = 60;

/** The TMOUT that makes ksh93 end at the limit; a limit up to a minute ends after 61 s. */
export function ksh93Timeout(limit: Seconds): Seconds {
  return Math.max(1, limit - KSH93_GRACE);
}

/** tcsh counts whole minutes: rounded down, so that the limit is kept, but at least one. */
export function minutesOf(limit: Seconds): number {
  return Math.max(1, Math.floor(limit / 60));
}
