/** A watchdog that is on the host and ends nobody. Pure. */
import type { InertLine } from "../../model/ending.ts";
import type { Facts } from "../../model/facts.ts";
import { WATCHDOG_FILES } from "../../model/host-paths.ts";
import { WITH_TERMINAL } from "../../model/session-kind.ts";
import { installedInterval, WATCHDOG_STOPPED } from "./installed.ts";

/** The watchdog's script is there, and nothing starts it. */
export function watchdogInert(facts: Facts): InertLine[] {
  const { script, timer } = WATCHDOG_FILES;
  const interval = installedInterval(facts);
  if (interval === undefined || facts.watchdogTimer.state !== "known" || facts.watchdogTimer.value) return [];
  return [
    {
      check: "mechanism-works",
      control: "watchdog",
      subject: "curfew-watchdog.timer",
      text: `OnUnitActiveSec=${interval}s, running ${script}`,
      source: timer,
      why: WATCHDOG_STOPPED,
      kinds: WITH_TERMINAL,
    },
  ];
}
