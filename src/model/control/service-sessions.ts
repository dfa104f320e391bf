/** Sessions that people have with a service of a host past sshd, such as a database, as its control knows them. */
import type { Facts, UserClass } from "../facts/facts.ts";
import type { RoleLimits } from "../policy/limits.ts";
import type { SessionKind } from "../terms/session-kind.ts";
import type { LoginSession, SessionFate } from "../facts/session.ts";
import type { SaidSections } from "../facts/facts-part.ts";
import type { OlderSession } from "./older-session.ts";
import type { Mechanism } from "./timeout.ts";

/**
 * What a control knows of such sessions. Their kind is judged on hosts where the policy selects a control that has
 * one, by each control that has sessions of the role there, on its own: what ends a session with one database does
 * nothing to those with another, so the worst of them counts.
 */
export interface ServiceSessions {
  readonly kind: SessionKind;
  /** As people know it: `PostgreSQL`. */
  readonly service: string;
  /**
   * Whether people of the role may have such sessions on this host. What could not be read counts as yes: its endings
   * say what is unknown. Pure.
   *
   * @param accounts the role's people; empty where none of its accounts is on the host.
   */
  concerns(facts: Facts, role: RoleLimits, accounts: readonly UserClass[]): boolean;
  /** How `verify` opens one as this account, or why it cannot; left out where it never can. Pure. */
  client?(facts: Facts, user: string): ServiceClient | string;
  /** Which are open at this moment; left out where that is not asked. */
  readonly present?: PresentSessions;
}

/** Sessions with a service that are open now, for who wants to know whom a policy ends. */
export interface PresentSessions {
  /** A part of the facts script, as `FactsPart.script`: it defines `part_ID_sessions`, and comes after the control's own. */
  readonly script: string;
  /** None where the service does not run; one with `unread` where it could not be asked. Pure. */
  parse(sections: SaidSections): readonly LoginSession[];
  /** What the policy does to it unless it asks something; undefined where the policy names nobody for it. Pure. */
  fate(
    session: LoginSession,
    asked: Pick<OlderSession, "facts" | "limits" | "plan">,
  ): SessionFate | undefined;
}

/**
 * A client that a person's login runs: it opens one session and asks nothing in it, and a busy one beside it. It says
 * `curfew: session open` in a line of its own once both are there, then a dot every second, so that sshd sees a session
 * in use; when the idle one was ended `curfew: session ended: WHY`, before that `curfew: busy session ended` where the
 * other one is gone as well; and where it cannot open one `curfew: no session: WHY`.
 */
export interface ServiceClient {
  /** One command line in words that every login shell reads alike: see `ProbeProgram`. It ends by itself after `seconds`. */
  line(token: string, seconds: number): string;
  /** Which mechanism the server's last words, after `curfew: session ended: `, are those of. */
  endedBy(said: string): Mechanism | undefined;
}
