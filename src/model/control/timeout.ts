import type { Seconds } from "../terms/duration.ts";
import type { Facts } from "../facts/facts.ts";
import type { ProbeResult } from "../change/run.ts";
import type { SessionKind } from "../terms/session-kind.ts";

export type Mechanism = ProbeResult["by"];

/** A timeout that is set on the host and may end the probed session. */
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
  /** For the watchdog at short limits: by how much it waits for the terminal's clock beyond what all may be late. */
  readonly step?: Seconds;
  /** How much later still it may come on this host: what another interval and its own run time add. That is too late. */
  readonly late?: Seconds;
  /** File and line, or the sshd keyword. */
  readonly source: string;
}

/** A file that sets a timeout of a shell. Text as latin1: one character for each byte. */
export interface TimeoutFile {
  readonly path: string;
  readonly realPath: string;
  readonly text: string;
}

/** A file that the shadow instance sees with another text: it is mounted over. */
export interface ReplacedFile {
  /** Without symbolic links. */
  readonly path: string;
  /** As latin1: one character for each byte. */
  readonly text: string;
}

/** One session that is to be opened, as controls are asked about it. */
export interface ProbedSession {
  readonly facts: Facts;
  /** `sshd -T -C` for its account: lower-case `keyword value` lines, as really configured. */
  readonly effective: readonly string[];
  /** What the system's shells read. */
  readonly files: readonly TimeoutFile[];
  readonly user: string;
  /** The kind of the account's login shell, as `ShellFact` has it; and its path. */
  readonly shellKind: string;
  readonly shell: string;
  readonly session: SessionKind;
  /** The policy's limit; and in the probed session: scaled, where the run is. */
  readonly limit: Seconds;
  readonly scaledLimit: Seconds;
  /** The policy's limit for somebody who does not type, where that is another. */
  readonly idle?: Seconds;
  /** Seconds of a probed session for one second of the policy; 1 where nothing is scaled. */
  readonly factor: number;
}
