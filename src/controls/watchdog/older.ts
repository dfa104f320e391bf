/** What the watchdog does to sessions that are there already when it comes into force. Pure. */
import type { OlderEnding, OlderSession } from "../../model/control/older-session.ts";
import { endsAfter, GRACE, watchdogInterval, watchdogStarter } from "./limits.ts";

/** As `act` of templates/host/watchdog.hbs does it: whoever has not typed since is warned at its first look. */
export function watchdogEndsOlder(session: OlderSession): OlderEnding | undefined {
  const { facts, limits, plan, role, limit, warnBefore, idle } = session;
  const starter = watchdogStarter(facts);
  const covered = plan.coverage.some((each) => each.control === "watchdog" && each.role === role);
  if (starter.by === "nothing" || !covered) return undefined;
  const interval = watchdogInterval(limits, starter.by);
  const ends = endsAfter(limit);
  const begins = plan.changes.some(({ control }) => control === "watchdog");
  const grace = begins ? interval + Math.min(warnBefore ?? GRACE, ends) : 0;
  const left = ends - idle;
  return { within: Math.max(left, grace) + interval, over: left <= (begins ? interval : 0) };
}
