/** What starts a watchdog: a service and a timer of systemd, or a line of cron. Pure. */
import type { Seconds } from "../../model/terms/duration.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import { renderTemplate } from "../../template/template.ts";

/** How a watchdog runs on one host. */
export interface WatchdogStart {
  readonly by: "systemd" | "cron";
  readonly interval: Seconds;
}

/** Where the files of one watchdog are. */
export interface WatchdogPaths {
  readonly script: string;
  readonly service: string;
  readonly timer: string;
  readonly wants: string;
  readonly cron: string;
}

/**
 * Paths and contents. A timer is wanted by a drop-in of timers.target and not by the usual symbolic link, so that every
 * change is to a regular file. `database`: whose sessions end; those with a terminal where it is left out.
 */
export function starterFiles(
  { script, service, timer, wants, cron }: WatchdogPaths,
  { policy }: Pick<HostLimits, "policy">,
  { by, interval }: WatchdogStart,
  database?: string,
): [string, string][] {
  const values = { policy: policy ?? "", interval, script };
  if (by === "cron") return [[cron, renderTemplate("watchdog-cron", values)]];
  const unit =
    database === undefined
      ? renderTemplate("watchdog-service", values)
      : renderTemplate("database-service", { ...values, database });
  const name = timer.slice(timer.lastIndexOf("/") + 1);
  return [
    [service, unit],
    [timer, renderTemplate("watchdog-timer", values)],
    [wants, renderTemplate("watchdog-wants", { ...values, timer: name })],
  ];
}
