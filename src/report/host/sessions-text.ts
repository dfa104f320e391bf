/** Who is logged in, and what becomes of them, as text for a terminal. */
import { formatDuration } from "../../model/terms/duration.ts";
import type { Reading } from "../../model/terms/reading.ts";
import type { Fate, JudgedSession, LoginSession } from "../../model/facts/session.ts";
import { visible } from "../../core/text/visible.ts";
import { table } from "../layout/columns.ts";
import { createKeys, groupAlike, hostNames } from "../layout/groups.ts";
import type { Paint } from "../layout/paint.ts";

/** One host's sessions, judged where there is a policy. */
export interface HostSessions<T extends LoginSession = LoginSession> {
  readonly host: string;
  readonly sessions: Reading<readonly T[]>;
}

interface View {
  readonly paint: Paint;
  /** Every session by itself. */
  readonly verbose: boolean;
}

type Placed<T> = T & { readonly host: string };

/** Who is there, whatever becomes of them: a line per session, hosts folded where the rest is the same. */
export function loggedInText(hosts: readonly HostSessions[], { paint, verbose }: View): string[] {
  const all = placed(hosts);
  const rows = groupsOf(all, verbose).map((group) => situation(group, verbose));
  return [...table(rows).map((row) => `  ${row}`), ...unread(hosts, paint)];
}

/**
 * What a policy does to those who are logged in: nothing where none is. Who ends soonest comes first, alone and by name;
 * the others are counted unless verbose, or where they are what was asked for (`everybody`).
 */
export function fatesText(
  hosts: readonly HostSessions<JudgedSession>[],
  view: View,
  everybody = view.verbose,
): string[] {
  const all = placed(hosts);
  const { paint, verbose } = view;
  if (all.length === 0) return unread(hosts, paint);
  const of = (wanted: Fate): Placed<JudgedSession>[] => all.filter(({ fate }) => fate === wanted);
  const [ends, unknown] = [of("ends"), of("unknown")];
  const named = [...ends, ...unknown, ...(everybody ? [...of("later"), ...of("stays")] : [])];
  const rows = groupsOf(named, verbose).map((group) =>
    situation(group, verbose).concat(fateOf(group, paint)),
  );
  const head = `${paint.bold("Logged in now:")} ${counted(all.length)} by ${people(all)}; unless somebody types there,`;
  const told = ends.length === 0 ? "none ends at once" : `${counted(ends.length)} ${verb(ends)} at once`;
  return [
    `${head} ${ends.length === 0 ? told : paint.yellow(told)}`,
    ...table(rows).map((row) => `  ${row}`),
    ...(everybody ? [] : [...counts(of("later"), "later"), ...counts(of("stays"), "stays")]),
    ...unread(hosts, paint),
  ];
}

function placed<T extends LoginSession>(hosts: readonly HostSessions<T>[]): Placed<T>[] {
  return hosts.flatMap(({ host, sessions }) =>
    sessions.state === "known" ? sessions.value.map((each) => ({ ...each, host })) : [],
  );
}

function unread(hosts: readonly HostSessions[], paint: Paint): string[] {
  const lost = hosts.flatMap(({ host, sessions }) =>
    sessions.state === "unreadable" ? [{ host, reason: sessions.reason }] : [],
  );
  return groupAlike(lost, ({ reason }) => reason).map(
    (group) =>
      `${paint.yellow("?")} ${hostNames(
        group.map(({ host }) => host),
        false,
      )}: who is logged in is unknown: ${visible(group[0].reason)}`,
  );
}

type Group<T> = readonly [T, ...T[]];

/** Alike are the same account's sessions that do the same and share a fate, wherever they are. */
function groupsOf<T extends Placed<LoginSession> & Partial<JudgedSession>>(
  all: readonly T[],
  verbose: boolean,
): Group<T>[] {
  if (verbose) return all.map((each): Group<T> => [each]);
  const keyOf = createKeys();
  return groupAlike(all, ({ user, service, activity, what, terminal, fate, limit, within, reason }) =>
    keyOf([
      user,
      service,
      activity,
      what,
      terminal === null,
      fate,
      limit,
      // Those that end later do so at different times.
      fate === "later" ? undefined : within,
      reason,
    ]),
  );
}

/** `bob@web1`, `bob@web[1-3] (3 hosts)`. */
function who([first, ...others]: Group<Placed<LoginSession>>, verbose: boolean): string {
  const hosts = [...new Set([first, ...others].map(({ host }) => host))];
  if (first.unread !== undefined) return hostNames(hosts, verbose);
  return `${visible(first.user)}@${hostNames(hosts, verbose)}`;
}

/** Who it is, from where, how long idle, and what runs. */
function situation(group: Group<Placed<LoginSession> & Partial<JudgedSession>>, verbose: boolean): string[] {
  const [first] = group;
  const places = [...new Set(group.map(({ from }) => from ?? "an unknown address"))];
  const from = places.length === 1 ? `from ${visible(places[0] ?? "")}` : `from ${places.length} addresses`;
  if (first.unread !== undefined) return [who(group, verbose), "", "", doing(first)];
  const where = group.length === 1 && first.terminal !== null ? `${first.terminal} ${from}` : from;
  const limit =
    first.limit === undefined || first.limit === null ? "" : `, limit ${formatDuration(first.limit)}`;
  return [who(group, verbose), where, `${idleOf(group)}${limit}`, doing(first)];
}

function idleOf(group: Group<LoginSession>): string {
  const [{ terminal, service }] = group;
  const known = group.flatMap(({ idle }) => (idle === null ? [] : [idle]));
  if (terminal === null && service === undefined) return `since ${span(group.map(({ seconds }) => seconds))}`;
  if (service !== undefined && known.length > 0 && known.every((each) => each === 0)) return "at work";
  return known.length === 0 ? "idle for an unknown time" : `idle ${span(known)}`;
}

function span(all: readonly number[]): string {
  const [least, most] = [Math.min(...all), Math.max(...all)];
  return least === most ? formatDuration(least) : `${formatDuration(least)} to ${formatDuration(most)}`;
}

const DOING = {
  shell: "at a prompt",
  job: "a command",
  transfer: "a transfer",
  editor: "an editor's remote session",
  multiplexer: "a multiplexer",
  program: "a program",
  connection: "forwarding only",
  service: "a session",
} as const;

function doing({ activity, what, unread: lost }: LoginSession): string {
  if (lost !== undefined) return `sessions with ${visible(what)}`;
  if (activity === "service") return `a session with ${visible(what)}`;
  return activity === "connection" ? DOING.connection : `${DOING[activity]}: ${visible(what)}`;
}

function fateOf(group: Group<JudgedSession>, paint: Paint): string {
  const [{ fate, by, reason }] = group;
  const at = `within ${span(group.map(({ within }) => within ?? 0))} of apply (${by ?? ""})`;
  if (fate === "ends") return paint.yellow(`ends ${at}`);
  if (fate === "later") return `ends ${at}`;
  return fate === "stays"
    ? `stays: ${visible(reason ?? "")}`
    : paint.yellow(`unknown: ${visible(reason ?? "")}`);
}

function counts(sessions: readonly JudgedSession[], fate: "later" | "stays"): string[] {
  if (sessions.length === 0) return [];
  if (fate === "later") return [`  ${counted(sessions.length)} ${verb(sessions)} later, at the limit`];
  return groupAlike(sessions, ({ reason }) => reason).map(
    (group) =>
      `  ${counted(group.length)} ${group.length === 1 ? "stays" : "stay"}: ${visible(group[0].reason ?? "")}`,
  );
}

function verb(sessions: readonly unknown[]): string {
  return sessions.length === 1 ? "ends" : "end";
}

function counted(count: number): string {
  return `${count} session${count === 1 ? "" : "s"}`;
}

function people(sessions: readonly LoginSession[]): string {
  const count = new Set(sessions.map(({ user }) => user)).size;
  return count === 1 ? visible(sessions[0]?.user ?? "") : `${count} accounts`;
}
