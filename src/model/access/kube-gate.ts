/** What curfew's gate before an exec plugin remembers between two kubectl processes. */
import type { Seconds } from "../terms/duration.ts";

/** A point in time that no change of the clock moves further away. */
export interface Moment {
  /** Seconds since 1970 by the clock that people set. */
  readonly wall: number;
  /** Seconds since the machine was started, suspended time included (/proc/uptime). */
  readonly uptime: number;
  /** Which start of the machine `uptime` counts from. */
  readonly boot: string;
}

/** A process by what no later one has as well. */
export interface Caller {
  readonly pid: number;
  /** Clock ticks after the start of the machine (proc(5), field 22 of stat). */
  readonly start: number;
}

export interface GateState {
  readonly schema: "curfew/kube-gate/1";
  /** What `curfew kube login` takes, for messages. */
  readonly context: string;
  readonly idle: Seconds | null;
  readonly max: Seconds | null;
  /** Null: nobody has logged in yet. */
  readonly login: Moment | null;
  /** When a new kubectl process was last given a credential. */
  readonly use: Moment | null;
  /** Processes that were given one and still run: what they ask for again is no use. */
  readonly callers: readonly Caller[];
}
