/** What logind does to sessions that are there already when its limit begins. Pure. */
import type { OlderEnding, OlderSession } from "../../model/control/older-session.ts";

/** The kernel moves a terminal's access time in steps of about 8 s, and logind looks once in a while. */
const LATE = 10;

/** Nobody has been idle so far for a limit that begins: templates/remote/activate/restart-logind.sh sees to that. */
export function logindEndsOlder({ plan, role, idle }: OlderSession): OlderEnding | undefined {
  const covered = plan.coverage.find((each) => each.control === "logind" && each.role === role);
  if (covered === undefined) return undefined;
  const begins = plan.changes.some(({ control }) => control === "logind");
  const left = begins ? covered.within : Math.max(0, covered.within - idle);
  return { within: left + LATE, over: left === 0 };
}
