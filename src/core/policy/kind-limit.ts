import type { Seconds } from "../../model/terms/duration.ts";
import type { SessionKind } from "../../model/terms/session-kind.ts";

/**
 * The limit of the policy that a kind of idle session falls under: a client that stopped answering
 * has its own, where the policy sets one; everything else has the idle limit. Null: no limit.
 */
export function kindLimit(
  kind: SessionKind,
  limits: { readonly idle: Seconds | null; readonly unresponsive: Seconds | null },
): Seconds | null {
  return kind === "frozen-client" ? (limits.unresponsive ?? limits.idle) : limits.idle;
}

/** Whether a mechanism keeps a limit: a tenth more is what timers and steps may cost. */
export function keepsLimit(within: Seconds, limit: Seconds): boolean {
  return within <= limit * 1.1;
}
