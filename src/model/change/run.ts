import type { ErrorData } from "../terms/error.ts";
import type { Finding, LadderCell } from "../verdict/finding.ts";
import type { EvidenceFile } from "../verdict/evidence.ts";
import type { SessionKind } from "../terms/session-kind.ts";

/** The steps a host goes through, in order; the board and the journal show them. */
export const STEPS = [
  "connecting",
  "reading-facts",
  "locked",
  "staged",
  "validated",
  "armed",
  "applied",
  "reloaded",
  "confirming",
  "confirmed",
  "reverting",
  "probing",
] as const;
export type Step = (typeof STEPS)[number];

/** How a host left the run. */
export type HostOutcome = "unchanged" | "confirmed" | "rolled-back" | "failed" | "unknown" | "skipped";

/** The result of one host in apply or revert. */
export interface HostResult {
  readonly host: string;
  readonly outcome: HostOutcome;
  /** What happened, for people: lower case, no full stop. */
  readonly message?: string;
  readonly error?: ErrorData;
  /** Paths that were changed. */
  readonly changed?: readonly string[];
}

/**
 * The client's process stopped: its kernel acknowledges whatever sshd sends, nobody answers. Or its network
 * is gone: nothing comes back at all, not even an acknowledgement.
 */
export type FrozenVariant = "stopped" | "network-gone";

/** One real session and how it ended. */
export interface ProbeResult {
  readonly session: SessionKind;
  readonly role: string;
  readonly user: string;
  readonly via: "live" | "shadow";
  /** How a frozen client came to be one; left out for every other kind of session. */
  readonly variant?: FrozenVariant;
  /** What opened the session: the system's own `ssh`, or the library. Left out where none was opened. */
  readonly client?: "ssh" | "ssh2";
  /** Set when every limit was scaled down to this many seconds in the shadow instance. */
  readonly scaled?: number;
  readonly expect: "dropped" | "kept";
  readonly withinSeconds: number;
  /** Seconds from the last activity to the end, from a monotonic clock; null when it was kept or never began. */
  readonly droppedAfterSeconds: number | null;
  /** The mechanism that ended it, `none` when nothing did, `unattributed` when nobody can tell. */
  readonly by: string;
  readonly outcome: "pass" | "fail" | "unknown";
  /** What the client saw, at most 2,000 characters, control characters made visible. */
  readonly clientSaw: string;
  /** Names of the probe's programs that ran on after the session had ended; left out where none did. */
  readonly orphans?: readonly string[];
  /** Why the outcome is what it is, for people. */
  readonly reason: string;
}

/** Everything that verify showed about one host. */
export interface HostVerification {
  readonly host: string;
  readonly probes: readonly ProbeResult[];
  readonly findings: readonly Finding[];
  /** One cell per role and session kind; left out where the host could not be read. */
  readonly ladder?: readonly LadderCell[];
  /** What was kept to back all this. */
  readonly evidence?: readonly EvidenceFile[];
  /** Set where the host could not be probed at all. */
  readonly error?: ErrorData;
}

/** What `flow/` tells the board and the journal. `at` is in milliseconds of a monotonic clock. */
export type RunEvent =
  | {
      readonly type: "run-started";
      readonly at: number;
      readonly command: string;
      readonly runId: string;
      readonly hosts: readonly string[];
    }
  | {
      readonly type: "wave-started";
      readonly at: number;
      readonly wave: number;
      readonly hosts: readonly string[];
    }
  | {
      readonly type: "host-step";
      readonly at: number;
      readonly host: string;
      readonly step: Step;
      readonly detail?: string;
    }
  | {
      readonly type: "host-finished";
      readonly at: number;
      readonly host: string;
      readonly outcome: string;
      readonly message?: string;
    }
  | {
      readonly type: "probe-started";
      readonly at: number;
      readonly host: string;
      readonly role: string;
      readonly session: SessionKind;
      readonly user: string;
      readonly withinSeconds: number;
    }
  | {
      readonly type: "probe-finished";
      readonly at: number;
      readonly host: string;
      readonly result: ProbeResult;
    }
  | { readonly type: "run-finished"; readonly at: number; readonly exitCode: number };

export type Emit = (event: RunEvent) => void;
