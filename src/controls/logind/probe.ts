/** What logind may end a session by that is to be opened. Pure. */
import type { Facts } from "../../model/facts.ts";
import { hasTerminal } from "../../model/session-kind.ts";
import type { ConfiguredTimeout, ProbedSession } from "../../model/timeout.ts";
import { logindAbility, stopSeconds } from "./ability.ts";

/** Never scaled: logind runs outside the shadow instance. Nothing where it is known to see no SSH session. */
export function logindTimeouts({
  facts,
  session,
}: Pick<ProbedSession, "facts" | "session">): ConfiguredTimeout[] {
  const seconds = hasTerminal(session) ? secondsOf(facts) : 0;
  if (seconds === 0) return [];
  return [{ by: "logind", real: seconds, fires: seconds, source: "StopIdleSessionSec" }];
}

function secondsOf(facts: Facts): number {
  const { logind } = facts;
  return logind.state === "known" && logindAbility(facts).works !== "no" ? stopSeconds(logind.value) : 0;
}

export function logindUnscalable(probed: ProbedSession): string | undefined {
  const inTime = logindTimeouts(probed).some(({ real }) => real <= probed.limit);
  return inTime ? "logind's StopIdleSessionSec cannot be scaled" : undefined;
}
