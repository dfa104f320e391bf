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

/**
 * The timer's own files say how often; drop-ins may say otherwise, and a busy host takes its time. That it was started is
 * not that it looked: its unit may run something else, or keep everything from it.
 */
export function watchdogPace(
  { watchdogRun: run, watchdogWord: word }: Pick<Facts, "watchdogRun" | "watchdogWord">,
  interval: Seconds,
): WatchdogPace {
  const { every, since, took, hindered, failed } = run ?? { every: interval, since: null, took: 0 };
  if (every === null) return { late: 0, unread: "how often curfew-watchdog.timer starts it" };
  // A run begins when the one before is over, and a warning that came late puts the end off by as much again.
  const late = 2 * Math.max(0, Math.max(every, took ?? 0) - interval) + (took ?? 0);
  const longest = Math.max(every, interval) * 3 + MINUTE;
  const should = `and should every ${interval} s`;
  if (since !== null && since > longest)
    return { late, denied: `the watchdog last ran ${Math.round(since)} s ago, ${should}` };
  const cannot = hindered === undefined ? word?.cannot : `its units have ${hindered}`;
  if (cannot !== undefined) return { late, denied: `the watchdog ends no session: ${cannot}` };
  if (failed !== undefined)
    return { late, unread: `what curfew-watchdog.service does, since its last run came to "${failed}",` };
  if (word === undefined || word.since <= Math.min(longest, (since ?? longest) + every + (took ?? 0) + PAUSE))
    return { late };
  const silent = `it left no word of looking for ${Math.round(word.since)} s, ${should}`;
  return since === null
    ? { late, denied: `the watchdog does not run: ${silent}` }
    : { late, unread: `what curfew-watchdog.service does, since it is started and ${silent},` };
}

/** The same for one that is to be put there: whatever interval it has now, its runs will take as long. */
export function expectedLate(facts: Pick<Facts, "files" | "watchdogRun">, interval: Seconds): Seconds {
  const { watchdogRun: run } = facts;
  if (run === undefined) return 0;
  const every = installedInterval(facts) === interval ? run.every : interval;
  return Math.floor(watchdogPace({ watchdogRun: { ...run, every } }, interval).late);
}

const MINUTE = 60;
/** How much later than its start its word may be, on a busy host. */
const PAUSE = 15;

/** Why an installed watchdog ends nobody, and what to do. */
export const WATCHDOG_STOPPED =
  "curfew-watchdog.timer does not run; systemctl start curfew-watchdog.timer starts it";
