/** From messages to sessions that a timeout ended, and to connections that tried to log in. Pure. */
import type { LoginConnection, TimedOut } from "../../model/facts/login-log.ts";
import type { End, LogMessage } from "./lines.ts";

/** A message that is believed, with its time and the process that said it. */
export interface Said {
  readonly at: number;
  /** Null where the log does not tell. */
  readonly pid: number | null;
  readonly message: LogMessage;
}

/** Longer than any login takes (LoginGraceTime is 2m by default): what is older has ended, whatever the log says of it. */
const LOGIN_SECONDS = 600;

/** `said` in the order of time, `now` by the same clock. */
export function timedOut(said: readonly Said[]): TimedOut[] {
  return said.flatMap(({ at, pid, message }, index) => {
    if (message.type === "timeout") {
      const { by, user, address } = message;
      return [{ at, by, user, address }];
    }
    if (message.type !== "channel" || pid === null) return [];
    const end = sessionOf(pid, said.slice(index + 1));
    return end === undefined ? [] : [{ at, by: "ChannelTimeout", user: end.user, address: end.address }];
  });
}

/** Whose session a process was: it says so when the session ends, which may be at once or hours later. */
function sessionOf(pid: number, later: readonly Said[]): End | undefined {
  const next = later.find(
    (each) => each.pid === pid && (each.message.type === "session" || each.message.type === "accepted"),
  );
  return next?.message.type === "session" ? next.message : undefined;
}

interface Open extends End {
  readonly at: number;
  last: number;
  secrets: number;
  keys: number;
  pam: number;
  ended: boolean;
  accepted: number | null;
}

/** One for each process, address and port; a process number that is used again is another one. */
export function loginConnections(said: readonly Said[], now: number): LoginConnection[] {
  const all: Open[] = [];
  const latest = new Map<number | string, Open>();
  const unplaced = new Map<number, { at: number; user: string; count: number }[]>();
  const recent = (key: number | string, at: number): Open | undefined => {
    const open = latest.get(key);
    return open !== undefined && at - open.last <= LOGIN_SECONDS ? open : undefined;
  };
  for (const { at, pid, message } of said) {
    if (message.type === "grace") close(recent(message.pid ?? pid ?? -1, at), at);
    if (pid === null) continue;
    if (message.type === "pam") {
      // It names no port: where it comes first, the next line of that process tells which connection it was.
      const known = recent(pid, at);
      if (known?.user === message.user) count(known, { pam: message.count }, at);
      else unplaced.set(pid, [...(unplaced.get(pid) ?? []), { at, ...message }]);
      continue;
    }
    if (message.type !== "accepted" && message.type !== "failed" && message.type !== "closed") continue;
    // Where all of sshd shares one number in the log, as with `sshd -e` in a unit, the port still tells them apart.
    const key = `${pid} ${message.address} ${message.port} ${message.user}`;
    const open = recent(key, at) ?? begun(message, at);
    if (latest.get(key) !== open) {
      all.push(open);
      const own = (unplaced.get(pid) ?? []).filter(
        (each) => each.user === open.user && at - each.at <= LOGIN_SECONDS,
      );
      for (const each of own) count(open, { pam: each.count }, at);
      unplaced.delete(pid);
    }
    latest.set(key, open).set(pid, open);
    if (message.type === "accepted") open.accepted ??= at;
    else if (message.type === "closed") close(open, at);
    else count(open, message.secret ? { secrets: message.count } : { keys: message.count }, at);
  }
  return all.map((open) => connectionOf(open, now));
}

function begun({ user, address, port }: End, at: number): Open {
  return { user, address, port, at, last: at, secrets: 0, keys: 0, pam: 0, ended: false, accepted: null };
}

function close(open: Open | undefined, at: number): void {
  if (open === undefined) return;
  open.ended = true;
  open.last = at;
}

function count(open: Open, more: { secrets?: number; keys?: number; pam?: number }, at: number): void {
  open.secrets += more.secrets ?? 0;
  open.keys += more.keys ?? 0;
  open.pam += more.pam ?? 0;
  open.last = at;
}

function connectionOf(
  { at, last, user, address, secrets, keys, pam, ended, accepted }: Open,
  now: number,
): LoginConnection {
  const tried = Math.max(secrets, pam) || (keys > 0 || ended ? 1 : 0);
  const over = ended || now - last > LOGIN_SECONDS;
  return { at, user, address, failed: accepted === null && over ? tried : 0, accepted };
}
