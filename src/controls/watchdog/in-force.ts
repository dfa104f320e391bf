/** What the watchdog on a host says of itself, where no policy is at hand. Pure. */
import { writtenDigest } from "../../core/plan/guard.ts";
import { formatDuration } from "../../model/terms/duration.ts";
import type { InForce } from "../../model/control/ending.ts";
import type { Facts } from "../../model/facts/facts.ts";
import { WATCHDOG_FILES, WATCHDOG_NAME } from "../../model/inventory/host-paths.ts";
import { installedInterval, watchdogPace, watchdogStarted } from "./installed.ts";

/** Its limits are those of its script, as long as curfew wrote that; a timer that is off is an inert line. */
export function watchdogInForce(facts: Facts): InForce[] {
  const { script: source } = WATCHDOG_FILES;
  const interval = installedInterval(facts);
  const state = facts.files.find(({ path }) => path === source)?.state;
  if (interval === undefined || state?.state !== "known") return [];
  const head = { setting: WATCHDOG_NAME, source } as const;
  const started = watchdogStarted(facts);
  if (started.state === "no") {
    // A timer that is there and stopped is among the lines that do nothing.
    if (facts.watchdogTimer.state === "known") return [];
    return [{ ...head, effect: `ends nothing: ${started.said}`, verdict: "nothing" }];
  }
  if (started.state === "unread") {
    return [{ ...head, effect: `whether it runs is unknown: ${started.reason}`, verdict: "partly" }];
  }
  const { content } = state.value;
  if (facts.curfew.written[source] !== writtenDigest(content)) {
    return [{ ...head, effect: "not as curfew wrote it; what it ends is unknown", verdict: "partly" }];
  }
  const { denied, unread } = watchdogPace(facts, interval);
  const why = denied ?? (unread === undefined ? undefined : `${unread} is unknown`);
  if (why !== undefined) return [{ ...head, effect: `it may end nothing: ${why}`, verdict: "partly" }];
  const effect = `ends sessions with a terminal at which no key was pressed, whatever runs there: ${limitsIn(content)}; looks every ${interval} s`;
  return [{ ...head, effect, verdict: "ends" }];
}

/** `role admin after 10m, default after 15m`, from the script's own table of roles. */
function limitsIn(script: string): string {
  const found = [...script.matchAll(/^ +\d+\) role_name=(.*) role_limit=(\d{1,9}) ;;$/gmu)];
  const limits = found.map(([, name = "", seconds]) => {
    const shown = name.replaceAll(/^'|'$/gu, "");
    return `${shown === "default" ? "everyone else" : shown} after ${formatDuration(Number(seconds))}`;
  });
  return limits.length === 0 ? "after the limits in its script" : limits.join(", ");
}
