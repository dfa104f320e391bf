/** What the watchdog on a host ends, where the policy's files are there. Pure. */
import type { EndingQuestion, Endings } from "../../model/ending.ts";
import { WATCHDOG_FILES } from "../../model/host-paths.ts";
import { watchdogInterval, watchdogPace, WATCHDOG_STOPPED } from "../../core/ending/installed-watchdog.ts";

/**
 * Its starter is the daemon that can be asked; with cron, that one runs is all that is known. Nobody starts
 * it where systemd does not have its timer (masked, or its file broken) and no cron reads its entry.
 */
export function watchdogEndings({ facts, placed }: EndingQuestion): Endings {
  const interval = watchdogInterval(facts);
  if (placed === undefined || interval === undefined) return NOTHING;
  const { watchdogTimer: timer, service } = facts;
  if (timer.state === "unreadable") return { endings: [], unread: [`the watchdog's timer: ${timer.reason}`] };
  const cron = service.state === "known" && service.value.bootHook === "cron";
  const confirmed =
    timer.state === "known" && timer.value
      ? "curfew-watchdog.timer is active"
      : timer.state === "absent" && cron
        ? "cron runs"
        : undefined;
  const { script: source } = WATCHDOG_FILES;
  const { late, unread, denied } = watchdogPace(facts, interval);
  if (unread !== undefined) return { endings: [], unread: [unread] };
  const seconds = placed + late;
  const base = { control: "watchdog", by: "watchdog", seconds, grace: interval, source } as const;
  const why = confirmed === undefined ? WATCHDOG_STOPPED : denied;
  return { endings: [{ ...base, confirmed, ...(why === undefined ? {} : { denied: why }) }], unread: [] };
}

const NOTHING: Endings = { endings: [], unread: [] };
