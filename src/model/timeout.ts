import type { Seconds } from "./duration.ts";
import type { ProbeResult } from "./run.ts";

export type Mechanism = ProbeResult["by"];

/** A timeout that is set on the host for the probed account. */
export interface ConfiguredTimeout {
  readonly by: Mechanism;
  /** Seconds after which it fires in the probed session: scaled, where the probe is. */
  readonly fires: Seconds;
  /** Seconds after which it fires in a real session. */
  readonly real: Seconds;
  /** For ClientAlive: how many times `fires` the release really takes; `real` counts it already. */
  readonly stretch?: number;
  /** For the watchdog: how often it looks, in seconds. It may be late by that much. */
  readonly every?: Seconds;
  /** What a ChannelTimeout entry is about: only some kinds of session have such a channel. Undefined for the rest. */
  readonly channel?: "session" | "forward" | "any";
  /** File and line, or the sshd keyword. */
  readonly source: string;
}
