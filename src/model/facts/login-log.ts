/** What a host's log says about sessions that a timeout ended, and about logins that failed. No line of it is kept. */

/** What ends sessions and says so in the log. */
export type LoggedTimeout =
  | "ClientAlive"
  | "UnusedConnectionTimeout"
  | "ChannelTimeout"
  | "logind"
  | "watchdog";

/** A session that a timeout ended. */
export interface TimedOut {
  /** Seconds since 1970, by the host's clock. */
  readonly at: number;
  readonly by: LoggedTimeout;
  readonly user: string;
  /** Null where the log does not say. */
  readonly address: string | null;
}

/** One connection to sshd that tried to log in as an account of the host. */
export interface LoginConnection {
  /** Of its first line that was read. */
  readonly at: number;
  readonly user: string;
  readonly address: string;
  /**
   * Attempts that failed: passwords that were wrong, however many keys an agent offered before; one where keys were all
   * that was tried. None where it was let in, or may still be.
   */
  readonly failed: number;
  /** When it was let in; null where it was not. */
  readonly accepted: number | null;
}

/** What was read of one host's log. */
export interface LoginLog {
  /** When, by the host's clock: seconds since 1970. */
  readonly now: number;
  /** Since when the log was read. */
  readonly since: number;
  /** `the journal`, or the paths of the files. */
  readonly source: string;
  /** Whether the kernel vouches for who wrote a line; any account can write into a log file by way of syslog. */
  readonly vouched: boolean;
  /** Why what is older than `since` was not read although it was asked for; undefined where everything was. */
  readonly cut: string | undefined;
  /** Whether sshd's own lines were among those that were read. */
  readonly heard: boolean;
  /** Whether this very login was among them; undefined where it did not come through sshd. */
  readonly heardItself: boolean | undefined;
  /** The account that this login came in as; undefined where that is unknown. */
  readonly own: string | undefined;
  /** In the order of time, both. */
  readonly timeouts: readonly TimedOut[];
  readonly connections: readonly LoginConnection[];
}
