/** Failed logins after a session that a timeout ended: what is too many, and how bad it is. Pure; knows no host. */
import type { LoginConnection, LoginLog, TimedOut } from "../../model/facts/login-log.ts";

export interface MisuseLimits {
  /** So many seconds after a timeout count. */
  readonly window: number;
  /** So many failed attempts are too many. */
  readonly threshold: number;
  /** Timeouts of so many seconds before the reading count. */
  readonly lookBack: number;
  /** Accounts that do not: curfew's own. */
  readonly leftOut: ReadonlySet<string>;
}

/** Too many failed logins of one account after one timeout. */
export interface Misuse {
  readonly timeout: TimedOut;
  /** `medium`: from where the session was; `high`: from elsewhere, and more than that account sees anyway. */
  readonly level: "medium" | "high";
  readonly attempts: number;
  readonly connections: number;
  /** In the order of the first attempt. */
  readonly addresses: readonly string[];
  /** Seconds from the timeout to the first and the last of the connections. */
  readonly first: number;
  readonly last: number;
  /** Whether somebody then logged in from one of these addresses, within the window. */
  readonly succeeded: boolean;
  /** Failed attempts on the account in the day before; of what was read of it. */
  readonly before: number;
}

/** What an account sees anyway is counted over a day. */
export const USUAL_SECONDS = 86_400;
/** So many times what it sees anyway is more. */
const MUCH = 3;

/** One for each timeout after which there were too many. A connection counts once, after the first such timeout. */
export function detectMisuse(log: LoginLog, limits: MisuseLimits): Misuse[] {
  const taken = new Set<LoginConnection>();
  const found: Misuse[] = [];
  for (const timeout of log.timeouts) {
    if (limits.leftOut.has(timeout.user)) continue;
    const misuse = misuseAfter(timeout, log, limits, taken);
    // Older ones are here so that what was theirs stays theirs.
    if (misuse !== undefined && timeout.at >= log.now - limits.lookBack) found.push(misuse);
  }
  return found;
}

/** So many failed attempts on one account, from wherever, in connections that lie no further apart than the window. */
export interface FailedRun {
  readonly user: string;
  readonly attempts: number;
  /** Of its first connection: seconds since 1970. */
  readonly at: number;
}

/**
 * The worst such run of each account that has one with too many attempts. Where there is none, no timeout was followed by
 * too many, whichever sessions ended by one, and whenever.
 */
export function failedRuns(
  log: LoginLog,
  { window, threshold, lookBack, leftOut }: MisuseLimits,
): FailedRun[] {
  const failed = log.connections.filter(
    (each) => each.failed > 0 && each.at >= log.now - lookBack && !leftOut.has(each.user),
  );
  return Object.entries(Object.groupBy(failed, ({ user }) => user)).flatMap(([user, own = []]) => {
    const runs = own.map(({ at }) => ({
      user,
      at,
      attempts: sum(own.filter((each) => each.at >= at && each.at <= at + window)),
    }));
    const worst = runs.reduce((most, run) => (run.attempts > most.attempts ? run : most));
    return worst.attempts >= threshold ? [worst] : [];
  });
}

function misuseAfter(
  timeout: TimedOut,
  log: LoginLog,
  { window, threshold }: MisuseLimits,
  taken: Set<LoginConnection>,
): Misuse | undefined {
  const { at, user, address } = timeout;
  const own = log.connections.filter((each) => each.user === user);
  const after = own.filter((each) => each.at > at && each.at <= at + window);
  const back = after.find(
    ({ accepted, address: from }) => accepted !== null && (address === null || from === address),
  );
  const counted = after.filter(
    (each) => each.failed > 0 && each.at < (back?.accepted ?? Infinity) && !taken.has(each),
  );
  const before = sum(own.filter((each) => each.at >= at - USUAL_SECONDS && each.at < at));
  const covered = Math.max(window, Math.min(USUAL_SECONDS, at - log.since));
  const elsewhere = address === null ? [] : counted.filter((each) => each.address !== address);
  const high = sum(elsewhere) >= threshold && sum(elsewhere) > (MUCH * before * window) / covered;
  const medium = address === null ? busiest(counted) : counted.filter((each) => each.address === address);
  const chosen = high ? elsewhere : medium;
  if (!high && (sum(medium) < threshold || medium.length < 2)) return undefined;
  for (const each of counted) taken.add(each);
  return {
    timeout,
    level: high ? "high" : "medium",
    ...countsOf(chosen, at),
    succeeded: after.some(
      (each) =>
        each.accepted !== null && chosen.some((one) => one.address === each.address && one.at < each.at),
    ),
    before,
  };
}

function countsOf(
  chosen: readonly LoginConnection[],
  at: number,
): Pick<Misuse, "attempts" | "connections" | "addresses" | "first" | "last"> {
  const times = chosen.map((each) => each.at - at);
  return {
    attempts: sum(chosen),
    connections: chosen.length,
    addresses: [...new Set(chosen.map(({ address }) => address))],
    first: Math.min(...times),
    last: Math.max(...times),
  };
}

/** Where the log does not say whence the session was: the address with the most. */
function busiest(connections: readonly LoginConnection[]): readonly LoginConnection[] {
  const groups = Object.values(Object.groupBy(connections, ({ address }) => address));
  return groups.reduce<readonly LoginConnection[]>(
    (most, group = []) => (sum(group) > sum(most) ? group : most),
    [],
  );
}

function sum(connections: readonly LoginConnection[]): number {
  return connections.reduce((total, { failed }) => total + failed, 0);
}
