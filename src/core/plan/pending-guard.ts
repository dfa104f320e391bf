/** What follows from a change on a host that nobody has confirmed and nobody has taken back. Pure. */
import { CurfewError } from "../../model/terms/error.ts";
import type { CurfewState } from "../../model/facts/curfew-state.ts";

/** Seconds after the deadline in which the host's own timer may still come: machines stall, clocks differ. */
const GRACE_SECONDS = 5;

/**
 * True where the host should have taken the change back by itself and has not: the timer was lost or
 * killed, the undo gave up, or the record of the deadline is damaged. Undoing it is safe then even
 * where somebody is still at it: whoever renames `armed` first decides, and the other waits.
 */
export function isOverdue({ armed, pending }: CurfewState): boolean {
  if (armed === "" || pending === undefined) return false;
  return pending.state === "reverting" || pending.dueIn === null || pending.dueIn < -GRACE_SECONDS;
}

/**
 * Why nothing can be judged by this host now, and what becomes of the change; undefined where no
 * change is pending. The code is `locked`.
 */
export function pendingError(curfew: CurfewState, host: string): CurfewError | undefined {
  const { armed, pending } = curfew;
  if (armed === "") return undefined;
  const what = `another run's change is not confirmed yet (${whose(curfew)})`;
  if (isOverdue(curfew)) {
    const now =
      pending?.state === "reverting" ? "is being taken back" : "should have been taken back by the host";
    return new CurfewError("locked", `${what}: it ${now}`, {
      host,
      hint: "curfew apply --yes or curfew revert takes it back first",
    });
  }
  const seconds = pending?.dueIn ?? null;
  const when = seconds === null ? "" : `; the host takes it back by itself within ${Math.max(seconds, 1)} s`;
  return new CurfewError("locked", `${what}${when}`, {
    host,
    hint: "wait until it is confirmed or has reverted by itself",
  });
}

/** The change in words: its token, and who began it when, as the lock says. */
export function whose({ armed, lock }: CurfewState): string {
  const [token, , , time, ...owner] = lock.split(" ");
  return token === armed && owner.length > 0 ? `${armed}, ${owner.join(" ")}, ${time}` : armed;
}
