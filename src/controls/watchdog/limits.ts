/** What the watchdog makes of the policy's limits: when it ends, how often it looks. */
import type { Facts } from "../../model/facts/facts.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import type { HostLimits, RoleLimits } from "../../model/policy/limits.ts";

/** What starts the watchdog on a host, or why nothing can. */
export type WatchdogStarter =
  | { readonly by: "systemd" | "cron" }
  | { readonly by: "nothing"; readonly reason: string; readonly outcome: "fail" | "unknown" };

/** The kernel moves a terminal's access time in steps of 8 s (tty_update_time in tty_io.c). */
const ATIME_STEP: Seconds = 8;

/** With steps of 8 s nothing below means anything; such limits are raised to it. */
export const SHORTEST: Seconds = 20;

/**
 * What everybody has at least who has not typed since the watchdog came into force, where the policy sets no
 * `warn_before`; the limit where that is shorter. They are warned as well.
 */
export const GRACE: Seconds = 60;

/** cron(8) looks once a minute. */
const CRON_INTERVAL: Seconds = 60;

/** A systemd timer or a line of cron; both run what lies under /etc as root. */
export function watchdogStarter({ kernel, service }: Facts): WatchdogStarter {
  if (!kernel.startsWith("Linux ")) {
    return {
      by: "nothing",
      reason: "terminals' access times and /proc are read as on Linux only",
      outcome: "fail",
    };
  }
  if (service.state !== "known") {
    const reason =
      service.state === "unreadable" ? service.reason : "it is not known what starts services here";
    return { by: "nothing", reason, outcome: "unknown" };
  }
  const { bootHook } = service.value;
  if (bootHook === "systemd" || bootHook === "cron") return { by: bootHook };
  return {
    by: "nothing",
    reason: "there is neither systemd nor a cron that reads /etc/cron.d",
    outcome: "fail",
  };
}

/** By how many seconds the access time may be older than the last key: both were in one step. */
const STALE: Seconds = ATIME_STEP - 1;

/**
 * After how many seconds without input, by the terminal's access time, the watchdog ends a session: later than the
 * limit by as much as that time may be too old, so that nobody is ended early.
 */
export function endsAfter(idle: Seconds): Seconds {
  return Math.max(idle, SHORTEST) + STALE;
}

/**
 * What that adds to the tenth of a limit that every mechanism may take longer: nothing for limits of 70 s and more.
 * `ends` as `endsAfter` has it.
 */
export function beyondTenth(ends: Seconds): Seconds {
  return Math.max(0, STALE - (ends - STALE) / 10);
}

export function watchdogInterval(limits: HostLimits, by: "systemd" | "cron"): Seconds {
  return intervalFor(idleRoles(limits), by);
}

/**
 * Seconds between two looks of a watchdog: a twentieth of the strictest limit, from 5 to 30, so that with the
 * terminal's step everything is over within a tenth of limits of 140 s and more; a minute under cron.
 */
export function intervalFor(roles: readonly { readonly idle: Seconds }[], by: "systemd" | "cron"): Seconds {
  if (by === "cron") return CRON_INTERVAL;
  const strictest = Math.min(...roles.map(({ idle }) => idle));
  return Math.min(30, Math.max(5, Math.floor(strictest / 20)));
}

/** The roles, and the defaults last, that have an idle limit. */
export function idleRoles({ roles, defaults }: HostLimits): (RoleLimits & { readonly idle: Seconds })[] {
  return [...roles, defaults].flatMap((role) => (role.idle === null ? [] : [{ ...role, idle: role.idle }]));
}
