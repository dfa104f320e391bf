/** What a probe is before it is opened. */
import type { Seconds } from "../../model/terms/duration.ts";
import type { Coverage } from "../../model/verdict/finding.ts";
import type { Control } from "../../model/control/control.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import type { ServiceClient } from "../../model/control/service-sessions.ts";
import type { FrozenVariant, ProbeResult } from "../../model/change/run.ts";
import type { SessionKind } from "../../model/terms/session-kind.ts";
import type { ProbeAccount } from "./probe-facts.ts";
import type { ResolvedPerson } from "../policy/resolve-person.ts";

/** One session to open. */
export interface PlannedProbe {
  readonly session: SessionKind;
  readonly role: string;
  readonly user: string;
  readonly via: ProbeResult["via"];
  /** The private key of a live probe that is not the login account's. */
  readonly identityFile?: string;
  /** Only of a frozen client. */
  readonly variant?: FrozenVariant;
  /** The system's own `ssh` opens it; the library where left out. */
  readonly client?: "ssh";
  /** How a session with a service is opened, or why it cannot be; of such kinds only. */
  readonly service?: ServiceClient | string;
  /** Mechanisms that must not end it: the person is exempt from them. */
  readonly exemptFrom: readonly ControlId[];
  /** Login shell. */
  readonly shell: string;
  readonly expect: ProbeResult["expect"];
  /** The policy's limit. */
  readonly limit: Seconds;
  /** The same in the probed session: scaled, where the run is. */
  readonly scaledLimit: Seconds;
  /** The policy's limit for somebody who does not type, where that is another: a frozen client has its own. */
  readonly idle?: Seconds;
}

export interface ProbeWishes {
  readonly sessions: readonly SessionKind[];
  /** All, if left out. */
  readonly roles?: readonly string[] | undefined;
  /** Seconds that the longest limit becomes. */
  readonly scaled?: Seconds | undefined;
  /** The policy's mechanisms: who is exempt from all of them must be kept. */
  readonly controls: readonly ControlId[];
  /** All there are, for those that reach somebody who is exempt from them. */
  readonly known?: readonly Control[];
  /**
   * Which selected control ends which kind of session there. Somebody exempt from one of them is kept where
   * only that one would. Left out: what somebody is exempt from in part is not known to end anything.
   */
  readonly coverage?: readonly Coverage[];
  /** The name that logged in. */
  readonly login: string | undefined;
  /** Accounts that the policy gives for live probes, by role. */
  readonly given: Readonly<Record<string, { readonly user: string; readonly identityFile: string }>>;
}

/** An account that may be probed, and what the policy says about it. */
export interface Candidate {
  readonly account: ProbeAccount;
  readonly resolved: ResolvedPerson;
}

export type How = Pick<PlannedProbe, "via" | "identityFile">;

/** A limit in proportion, at least 2 s: mechanisms count whole seconds. Keeps the order of limits. */
export function scaleLimit(limit: Seconds, factor: number): Seconds {
  return factor === 1 ? limit : Math.max(2, Math.round(limit * factor));
}
