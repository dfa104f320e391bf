import type { InForce } from "../../model/ending.ts";
import type { Facts } from "../../model/facts.ts";
import { logindAbility, stopSeconds } from "./ability.ts";

/** What logind does on a host before curfew, for people; nothing where it is known to end no SSH session. Pure. */
export function logindInForce(facts: Facts): InForce[] {
  const { logind } = facts;
  const seconds = logind.state === "known" ? stopSeconds(logind.value) : 0;
  if (seconds === 0 || logindAbility(facts).works === "no") return [];
  const effect = `ends sessions at a terminal after ${seconds} s without input`;
  return [{ setting: `StopIdleSessionSec ${seconds}`, source: "logind", effect, verdict: "ends" }];
}
