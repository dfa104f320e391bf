/** What was expected of a host, what it does, what says so, and how that was judged. */
import type { CheckId } from "./check.ts";
import type { Seconds } from "../terms/duration.ts";
import type { ControlId } from "../terms/control-id.ts";
import type { SessionKind } from "../terms/session-kind.ts";

/** What a statement rests on, weakest first: a file says so, the host's programs say so, a session was dropped. */
export type EvidenceLevel = "configured" | "effective" | "demonstrated";

/** One judged statement about a host. `check`, control, role, rule and subject together name it over time. */
export interface Finding {
  readonly check: CheckId;
  readonly control: ControlId | "host";
  /** Role name, `default` for everybody else, `*` for the whole host. */
  readonly role: string;
  /** Id of the baseline's rule, where the statement is about one. */
  readonly rule?: string;
  /** What of several it is about: a path, a session kind, an account, an exemption's name. */
  readonly subject?: string;
  readonly expected: string;
  readonly actual: string;
  /** File and line, command, or the man page or release note of the rule. */
  readonly source: string;
  readonly evidence: EvidenceLevel;
  /** `not-applicable`: asked of other hosts than this one, so it says neither good nor bad of it. */
  readonly outcome: "pass" | "fail" | "unknown" | "waived" | "not-applicable";
  readonly waiver?: string;
  /** How bad it is, where there are degrees; reports take the check's own or the rule's where it is left out. */
  readonly level?: "medium" | "high";
  /** What was counted, where the statement is about numbers. */
  readonly counts?: FindingCounts;
}

interface FindingCounts {
  readonly attempts: number;
  readonly connections: number;
  readonly addresses: number;
}

/** Which kinds of idle session a control ends for a role on this host, and after how long. */
export interface Coverage {
  readonly control: ControlId;
  readonly role: string;
  readonly kind: SessionKind;
  /** Seconds after which the mechanism fires at the latest. */
  readonly within: number;
  /** Seconds the policy allows; where `within` is more, the mechanism is only a backstop. */
  readonly limit?: number;
}

/** A kind of idle session that nothing ends for a role on this host. */
export interface Uncaught {
  readonly role: string;
  readonly kind: SessionKind;
  readonly reason: string;
}

/** What one rung of the ladder promises or showed. */
export interface Rung {
  /** `TMOUT`, `ChannelTimeout`, `ClientAlive`, `logind`, `watchdog`, …; `none` where nothing ended it. */
  readonly by: string;
  /** Seconds after which it ends the session at the latest; measured, where demonstrated. Null: kept. */
  readonly seconds: Seconds | null;
  /** File and line, sshd's keyword, or how the session was opened. */
  readonly source: string;
}

/**
 * How far it is shown what becomes of one kind of session of one role on one host:
 * configured < effective < demonstrated.
 */
export interface LadderCell {
  readonly role: string;
  readonly kind: SessionKind;
  readonly expect: "dropped" | "kept";
  /** Seconds that the policy allows; null where it sets no limit. */
  readonly limit: Seconds | null;
  /** What the files on the host say would end it; null: nothing does. */
  readonly configured: Rung | null;
  /** What the daemons confirm (`sshd -T -C`, logind's own answer); null: nothing, or nobody could ask. */
  readonly effective: Rung | null;
  /** What a real session showed; null: none was opened, or it passed and does not speak for everybody in the role. */
  readonly demonstrated: Rung | null;
  /** Judged by the highest rung that there is, its worst member first: a demonstration outranks files for those it speaks for. */
  readonly outcome: Exclude<Finding["outcome"], "not-applicable">;
  /** The highest rung reached; null where not even a file says anything. */
  readonly evidence: EvidenceLevel | null;
  /** Why, for people, where the outcome is not a plain pass. */
  readonly reason?: string;
}
