/** What holds for one person, why, and what it comes to on a host. */
import type { Seconds } from "../terms/duration.ts";
import type { ErrorData } from "../terms/error.ts";
import type { Finding } from "./finding.ts";
import type { ControlId } from "../terms/control-id.ts";
import type { SessionKind } from "../terms/session-kind.ts";

/** One role of the policy, or its defaults, seen from one person. */
export interface ExplainedRole {
  readonly role: string;
  /** What of the role names the person: `user alice`, `group sudo`; empty where nothing does. */
  readonly because: readonly string[];
  /** Where the role is limited to; left out where it holds everywhere. */
  readonly hosts?: readonly string[];
  /** Whether it counts here; `depends` where no host was named and the role holds on some only. */
  readonly applies: "yes" | "no" | "depends";
  readonly idle: Seconds | null;
  readonly unresponsive: Seconds | null;
  readonly warnBefore: Seconds | null;
}

/** A limit in force and the role it comes from. */
export interface ExplainedLimit {
  readonly seconds: Seconds | null;
  /** Null where there is no limit. */
  readonly from: string | null;
}

export interface ExplainedExemption {
  readonly name: string;
  readonly because: readonly string[];
  readonly hosts?: readonly string[];
  readonly state: "active" | "expired" | "elsewhere" | "depends";
  readonly controls: readonly ControlId[];
  readonly justification: string;
  readonly owner: string;
  /** The last day, YYYY-MM-DD. */
  readonly expires: string;
}

/** One kind of idle session and what becomes of it on the host. */
export interface ExplainedSession {
  readonly kind: SessionKind;
  /**
   * The mechanisms that end it, soonest first, in seconds at the latest; `late` where that is more
   * than a tenth over the person's limit, as with a backstop for the whole host.
   */
  readonly endedBy: readonly {
    readonly control: ControlId;
    readonly within: Seconds;
    readonly late: boolean;
  }[];
  /** Where nothing ends it although a limit says so: why, and what would. */
  readonly uncaught?: string;
}

/** Systems as their distributions install them, on which the same becomes of every session. */
export interface TypicalHost {
  readonly systems: readonly string[];
  readonly sessions: readonly ExplainedSession[];
}

export interface Explanation {
  readonly user: string;
  readonly groups: readonly string[];
  /** Null: from the policy alone. */
  readonly host: string | null;
  readonly roles: readonly ExplainedRole[];
  readonly limits: {
    readonly idle: ExplainedLimit;
    readonly unresponsive: ExplainedLimit;
    readonly warnBefore: ExplainedLimit;
  };
  readonly exemptions: readonly ExplainedExemption[];
  /** Without a host: what the policy comes to where nothing else was configured. */
  readonly typical?: readonly TypicalHost[];
  /** What the host adds; left out where it was not asked. */
  readonly onHost?: {
    readonly description: string;
    /** `unknown` where nobody could read who has an account. */
    readonly account: "found" | "missing" | "unknown";
    readonly sessions: readonly ExplainedSession[];
    readonly findings: readonly Finding[];
    /** Changes that the policy still asks for on this host. */
    readonly pending: number;
  };
  /** Set where the host could not be asked. */
  readonly error?: ErrorData;
}
