import type { ControlId } from "./policy.ts";
import type { SessionKind } from "./session-kind.ts";

/** What a statement rests on, weakest first: a file says so, the daemon says so, a session was dropped. */
type Evidence = "configured" | "effective" | "demonstrated";

/** One judged statement about a host. */
export interface Finding {
  readonly control: ControlId | "host";
  /** Role name, `default` for everybody else, `*` for the whole host. */
  readonly role: string;
  readonly rule?: string;
  readonly expected: string;
  readonly actual: string;
  /** File and line, command, or the man page or release note of the rule. */
  readonly source: string;
  readonly evidence: Evidence;
  readonly outcome: "pass" | "fail" | "unknown" | "waived";
  readonly waiver?: string;
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
