/** Whether kubectl may have a credential now: within the idle and the absolute limit since the last login. Pure. */
import { formatDuration, type Seconds } from "../../../model/terms/duration.ts";
import type { Caller, GateState, Moment } from "../../../model/access/kube-gate.ts";

/** Who asks, when, and how long ago a key was pressed at its terminal; null where it has none, or that cannot be told. */
export interface Asking {
  readonly now: Moment;
  readonly caller: Caller;
  readonly inputAge: Seconds | null;
}

export type GateDecision =
  | { readonly allowed: true; readonly left: Seconds; readonly isNew: boolean }
  | { readonly allowed: false; readonly reason: string };

/**
 * How long ago something was, never too short: in one start of the machine the longer of what both clocks say, so that a
 * clock that was set back extends nothing; in another by the wall clock. What lies in the future is as long ago as can be.
 */
export function elapsed(since: Moment, now: Moment): Seconds {
  const wall = now.wall - since.wall;
  if (since.boot !== now.boot) return wall < 0 ? Number.POSITIVE_INFINITY : wall;
  const uptime = now.uptime - since.uptime;
  return uptime < 0 ? Number.POSITIVE_INFINITY : Math.max(wall, uptime);
}

/** Whether whoever asks gets a credential, and for how long. Pure. */
export function decideGate(state: GateState | null, asking: Asking): GateDecision {
  const login = state?.login ?? null;
  if (state === null || login === null) return { allowed: false, reason: "there is no login yet" };
  const maxLeft = leftOf(state.max, elapsed(login, asking.now));
  if (maxLeft <= 0) return ended(`${formatDuration(state.max ?? 0)} after the login`);
  const isNew = !isKnown(state, asking.caller);
  const idleLeft = idleLeftOf(state, state.use ?? login, isNew, asking);
  if (idleLeft <= 0) return ended(`after ${formatDuration(state.idle ?? 0)} without a kubectl command`);
  return { allowed: true, left: Math.min(maxLeft, idleLeft), isNew };
}

/** The state once a credential was given: a new process is a use, and is remembered while it runs. */
export function afterUse(
  state: GateState,
  { now, caller }: Asking,
  alive: (caller: Caller) => boolean,
): GateState {
  if (isKnown(state, caller)) return state;
  return { ...state, use: now, callers: [...state.callers.filter(alive), caller] };
}

/** So many processes at once are no people; whoever comes after them is no new use. */
const MOST_CALLERS = 500;

function isKnown({ callers }: GateState, { pid, start }: Caller): boolean {
  return callers.length >= MOST_CALLERS || callers.some((each) => each.pid === pid && each.start === start);
}

/** A process that asks again (k9s, kubectl proxy) lives by the keys that are pressed at its terminal. */
function idleLeftOf(state: GateState, use: Moment, isNew: boolean, { now, inputAge }: Asking): Seconds {
  const sinceUse = elapsed(use, now);
  if (state.idle === null) return Number.POSITIVE_INFINITY;
  const byUse = leftOf(state.idle, sinceUse);
  if (isNew) return byUse <= 0 ? byUse : state.idle;
  if (inputAge === null || inputAge < 0 || wasSetBack(use, now)) return byUse;
  return Math.max(byUse, leftOf(state.idle, inputAge));
}

/** The age of a key comes from the wall clock alone. */
function wasSetBack(since: Moment, now: Moment): boolean {
  return since.boot !== now.boot || now.wall - since.wall < now.uptime - since.uptime - 2;
}

function leftOf(limit: Seconds | null, used: Seconds): Seconds {
  return limit === null ? Number.POSITIVE_INFINITY : limit - used;
}

function ended(when: string): GateDecision {
  return { allowed: false, reason: `the session ended ${when}` };
}
