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

/** Why an installed watchdog ends nobody, and what to do. */
export const WATCHDOG_STOPPED =
  "curfew-watchdog.timer does not run; systemctl start curfew-watchdog.timer starts it";
