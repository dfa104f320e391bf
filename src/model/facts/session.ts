/** Who is logged in to a host at one moment. */
import type { Seconds } from "../terms/duration.ts";

/**
 * `shell`: a prompt and nothing else; `job`: a command without a terminal; `transfer`: rsync, sftp (also sshfs), scp;
 * `editor`: the remote half of an editor; `multiplexer`: tmux, screen; `program`: something in the foreground of a
 * terminal; `connection`: forwarding only, or nothing at all; `service`: a session with a service past sshd.
 */
export const ACTIVITIES = [
  "shell",
  "job",
  "transfer",
  "editor",
  "multiplexer",
  "program",
  "connection",
  "service",
] as const;
export type Activity = (typeof ACTIVITIES)[number];

/** One terminal of a login over SSH, or one command without, or a session with a service; texts are visible ones. */
export interface LoginSession {
  /** The control that knows the service, a database; then `user` is the service's own account, and `groups` those of the host's of that name. */
  readonly service?: string;
  /** Why the sessions with a service could not be read; then this stands for all of them. */
  readonly unread?: string;
  readonly user: string;
  /** Of the account; null where the host did not tell in time. */
  readonly groups: readonly string[] | null;
  /** The client's address; null where it is not known. */
  readonly from: string | null;
  /** `pts/3`; null where it has none. */
  readonly terminal: string | null;
  /** Since it began, by the host's uptime; at least so long where a service does not say. */
  readonly seconds: Seconds;
  /** Since somebody typed, or asked the service something; null without a terminal, or where the host's clock does not tell. */
  readonly idle: Seconds | null;
  readonly activity: Activity;
  /** The program, or the shell. */
  readonly what: string;
}

/**
 * `ends`: it is idle beyond its limit, and ends as soon as the policy can; `later`: it ends once its limit is over;
 * `stays`: nothing ends a session that is there already; `unknown`: it cannot be told.
 */
export const FATES = ["ends", "later", "stays", "unknown"] as const;
export type Fate = (typeof FATES)[number];

/** What becomes of one session under a policy unless somebody types there. */
export interface SessionFate {
  readonly fate: Fate;
  /** At the latest so long after apply, for `ends` and `later`. */
  readonly within: Seconds | null;
  /** The idle limit of whoever it is; null where there is none. */
  readonly limit: Seconds | null;
  readonly role: string | null;
  /** The mechanism that ends it. */
  readonly by: string | null;
  /** Why it stays, or why it is unknown. */
  readonly reason?: string;
}

export type JudgedSession = LoginSession & SessionFate;
