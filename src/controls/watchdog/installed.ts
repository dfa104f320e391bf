/** The watchdog as it is on a host, whoever put it there. */
import type { Seconds } from "../../model/terms/duration.ts";
import type { Facts } from "../../model/facts/facts.ts";
import { WATCHDOG_FILES } from "../../model/inventory/host-paths.ts";

/** How often a watchdog looks, from its own script; undefined where there is none. */
export function installedInterval(
  { files }: Pick<Facts, "files">,
  own: string = WATCHDOG_FILES.script,
): Seconds | undefined {
  const script = files.find(({ path }) => path === own);
  if (script?.state.state !== "known") return undefined;
  const seconds = Number(/^interval=(\d+)$/mu.exec(script.state.value.content)?.[1] ?? Number.NaN);
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds : undefined;
}

/**
 * Whether something starts it: systemd, which can be asked about its timer, else cron, of which that it runs is all
 * that is known. Nothing does where systemd does not have its timer (masked, or its file broken) and no cron reads
 * its entry.
 */
export function watchdogStarted({
  watchdogTimer: timer,
  service,
}: Facts):
  | { readonly state: "yes" | "no"; readonly said: string }
  | { readonly state: "unread"; readonly reason: string } {
  if (timer.state === "unreadable") return { state: "unread", reason: timer.reason };
  if (timer.state === "known" && timer.value)
    return { state: "yes", said: "curfew-watchdog.timer is active" };
  if (timer.state === "absent" && cronRuns(service)) return { state: "yes", said: "cron runs" };
  return { state: "no", said: WATCHDOG_STOPPED };
}

/** Whether the host has a cron that would start a watchdog. */
export function cronRuns(service: Facts["service"]): boolean {
  return service.state === "known" && service.value.bootHook === "cron";
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
  // A run begins when the one before is over, and a warning that came late puts the end off by as much again.
  const late = 2 * Math.max(0, Math.max(every, took ?? 0) - interval) + (took ?? 0);
  if (since === null || since <= Math.max(every, interval) * 3 + MINUTE) return { late };
  return { late, denied: `the watchdog last ran ${Math.round(since)} s ago, and should every ${interval} s` };
}

/** The same for one that is to be put there: whatever interval it has now, its runs will take as long. */
export function expectedLate(facts: Pick<Facts, "files" | "watchdogRun">, interval: Seconds): Seconds {
  const { watchdogRun: run } = facts;
  if (run === undefined) return 0;
  const every = installedInterval(facts) === interval ? run.every : interval;
  return Math.floor(watchdogPace({ watchdogRun: { ...run, every } }, interval).late);
}

const MINUTE = 60;

/** Why an installed watchdog ends nobody, and what to do. */
export const WATCHDOG_STOPPED =
  "curfew-watchdog.timer does not run; systemctl start curfew-watchdog.timer starts it";
