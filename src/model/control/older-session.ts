/** A session that is older than the files of a mechanism, and when that mechanism ends it. */
import type { Seconds } from "../terms/duration.ts";
import type { Facts } from "../facts/facts.ts";
import type { HostLimits } from "../policy/limits.ts";
import type { HostPlan } from "../change/plan.ts";

/** What a mechanism is asked about a session that is older than its files. */
export interface OlderSession {
  readonly idle: Seconds;
  readonly role: string;
  readonly limit: Seconds;
  readonly warnBefore: Seconds | null;
  readonly facts: Facts;
  readonly limits: HostLimits;
  readonly plan: Pick<HostPlan, "changes" | "coverage">;
}

/** When it ends such a session that nobody types in. */
export interface OlderEnding {
  /** At the latest so long after its files are in place. */
  readonly within: Seconds;
  /** Whether the session is past its limit when the mechanism first looks. */
  readonly over: boolean;
}
