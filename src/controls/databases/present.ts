/** Who has a session with a database at this moment, and what its watchdog does to it. Pure. */
import { visible } from "../../core/text/visible.ts";
import { groupNames } from "../../core/people/sessions.ts";
import { exempts } from "../../core/policy/present-people.ts";
import type { OlderSession } from "../../model/control/older-session.ts";
import type { LoginSession, SessionFate } from "../../model/facts/session.ts";
import type { RoleLimits } from "../../model/policy/limits.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import { watchdogStarter } from "../watchdog/limits.ts";
import { graceOf, limitedRoles, lookInterval } from "./limits.ts";

/** What a server says of one client. */
export interface DatabaseClient {
  readonly user: string;
  /** Since it asked something; 0 where it is at work, null where the server does not tell. */
  readonly idle: Seconds | null;
  /** Since it began, as far as the server says. */
  readonly seconds: Seconds;
  readonly from: string | null;
  /** Whether the watchdog takes it for a connection pool, and lets it be. */
  readonly pool: boolean;
}

/** A server that was asked who has a session with it. */
interface AskedServer {
  readonly service: ControlId;
  /** The server, as people know it. */
  readonly what: string;
  /** The same where it did not answer. */
  readonly unread: string;
  /** What it said in place of an answer, where it said anything. */
  readonly why?: string | undefined;
}

/** The question asks for one more. */
const MOST = 1000;

/**
 * The sessions of a server by the lines of its answer, fields apart: `client …`, `person NAME TEXT` of id(1), and at the
 * end `end`. `clientOf` reads one of the first; undefined for what the question cannot have brought.
 */
export function presentSessions(
  { service, what, unread, why }: AskedServer,
  rows: readonly (readonly string[])[],
  clientOf: (row: readonly string[]) => DatabaseClient | undefined,
): LoginSession[] {
  const said = rows.filter(([word]) => word === "client");
  const clients = said.map(clientOf).filter((client) => client !== undefined);
  if (said.length > MOST) return [unreadSessions(service, unread, `it has more than ${MOST} sessions`)];
  if (clients.length < said.length || rows.at(-1)?.[0] !== "end")
    return [unreadSessions(service, unread, why ?? "what it answered is not what was asked")];
  const accounts = accountsSaid(rows);
  return clients.map((client) => presentSession(service, what, client, accounts));
}

/** `accounts`: what id(1) said of accounts of the host with names that clients have. */
function presentSession(
  service: ControlId,
  what: string,
  { user, idle, seconds, from, pool }: DatabaseClient,
  accounts: ReadonlyMap<string, readonly string[]>,
): LoginSession {
  return {
    service,
    user: visible(user),
    groups: accounts.get(user) ?? [],
    from: from === null ? null : visible(from),
    terminal: null,
    seconds: Math.max(seconds, idle ?? 0),
    idle,
    activity: "service",
    what: pool ? `${what} ${POOL}` : what,
  };
}

const POOL = "(a connection pool)";

/** Stands for all sessions with a server that could not be asked. */
export function unreadSessions(service: ControlId, what: string, why: string): LoginSession {
  const none = { user: "", groups: [], from: null, terminal: null, seconds: 0, idle: null };
  return { service, ...none, activity: "service", what, unread: visible(why).slice(0, 300) };
}

/** The lines `person NAME TEXT`, where TEXT is what id(1) says. */
function accountsSaid(rows: readonly (readonly string[])[]): ReadonlyMap<string, readonly string[]> {
  return new Map(
    rows.flatMap(([word, name = "", text = ""]): [string, string[]][] => {
      if (word !== "person" || !text.includes(`(${name}) gid=`)) return [];
      const [, groups = ""] = / groups=(.*)$/u.exec(text) ?? [];
      return [[name, groupNames(groups)]];
    }),
  );
}

/** `isOf`: whether the session is one of the role's, by the names that the server knows. */
export function clientFate(
  control: ControlId,
  session: LoginSession,
  { facts, limits, plan }: Pick<OlderSession, "facts" | "limits" | "plan">,
  isOf: (role: Pick<RoleLimits, "users" | "groups" | "databaseRoles">) => boolean,
): SessionFate | undefined {
  const [first] = limitedRoles(limits)
    .filter(isOf)
    .toSorted((left, right) => left.idle - right.idle);
  if (first === undefined) return undefined;
  const whose = { role: first.role, limit: first.idle };
  const stays = (reason: string): SessionFate => ({
    ...whose,
    fate: "stays",
    within: null,
    by: null,
    reason,
  });
  const exemption = limits.exemptions.find((active) => exempts(active, control) && isOf(active.exemption));
  if (exemption !== undefined) return stays(`exempt: ${exemption.exemption.name}`);
  if (session.what.endsWith(POOL)) return stays("the watchdog lets connection pools be");
  const starter = watchdogStarter(facts);
  const comes = plan.coverage.some((each) => each.control === control);
  if (starter.by === "nothing" || !comes) return stays(`no watchdog of ${control} comes to this host`);
  if (session.idle === null) {
    const reason = "the server does not tell since when it is idle";
    return { ...whose, fate: "unknown", within: null, by: null, reason };
  }
  const interval = lookInterval(limits, starter.by);
  const begins = plan.changes.some((change) => change.control === control);
  const left = first.idle - session.idle;
  const spared = begins ? interval + Math.min(first.idle, graceOf(limits)) : 0;
  const within = Math.max(left, spared) + interval;
  return { ...whose, fate: left <= (begins ? interval : 0) ? "ends" : "later", within, by: control };
}
