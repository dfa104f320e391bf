import type { Seconds } from "../../model/duration.ts";
import type { Facts } from "../../model/facts.ts";
import { WATCHDOG_FILES } from "../../model/host-paths.ts";

/** How often the watchdog on this host looks, from its own script; undefined where there is none. */
export function watchdogInterval({ files }: Pick<Facts, "files">): Seconds | undefined {
  const script = files.find(({ path }) => path === WATCHDOG_FILES.script);
  if (script?.state.state !== "known") return undefined;
  const seconds = Number(/^interval=(\d+)$/mu.exec(script.state.value.content)?.[1] ?? Number.NaN);
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds : undefined;
}

/** What the service manager makes of the installed watchdog. */
export interface WatchdogPace {
  /** How much later than its own script says: another interval on the timer, and what a run takes. */
  readonly late: Seconds;
  /** Why it is not known how often it looks. */
  readonly unread?: string;
  /** Why it does not look at all. */
  readonly denied?: string;
}

/** The timer's own files say how often; drop-ins may say otherwise, and a busy host takes its time. */
export function watchdogPace(
  { watchdogRun: run }: Pick<Facts, "watchdogRun">,
  interval: Seconds,
): WatchdogPace {
  if (run === undefined) return { late: 0 };
  const { every, since, took } = run;
  if (every === null) return { late: 0, unread: "how often curfew-watchdog.timer starts it" };
  const late = Math.max(0, every - interval) + (took ?? 0);
  if (since === null || since <= Math.max(every, interval) * 3 + MINUTE) return { late };
  return { late, denied: `the watchdog last ran ${Math.round(since)} s ago, and should every ${interval} s` };
}

const MINUTE = 60;

/** Why an installed watchdog ends nobody, and what to do. */
export const WATCHDOG_STOPPED =
  "curfew-watchdog.timer does not run; systemctl start curfew-watchdog.timer starts it";
