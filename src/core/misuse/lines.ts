/**
 * One message of sshd, systemd-logind or curfew's watchdog, as far as it tells of a timeout or of a login; seen on
 * OpenSSH 8.4, 9.2, 10.0 and 10.6. Names may hold anything, what looks like an address included: what counts is the
 * last ` from ADDRESS port PORT`, with nothing of a caller's own behind it.
 */
import { isIP } from "node:net";
import type { LoggedTimeout } from "../../model/facts/login-log.ts";

/** Which connection of sshd a message is about. */
export interface End {
  readonly user: string;
  readonly address: string;
  readonly port: number;
}

export type LogMessage =
  | ({ readonly type: "accepted" } & End)
  /** `secret`: a password and not a key. `count`: more than one where syslog has folded lines. */
  | ({ readonly type: "failed"; readonly secret: boolean; readonly count: number } & End)
  /** It was closed before anybody had logged in. */
  | ({ readonly type: "closed" } & End)
  | { readonly type: "pam"; readonly user: string; readonly count: number }
  /** LoginGraceTime was over; `pid` where another process says it. */
  | { readonly type: "grace"; readonly pid: number | undefined }
  | {
      readonly type: "timeout";
      readonly by: LoggedTimeout;
      readonly user: string;
      readonly address: string | null;
    }
  /** ChannelTimeout, which does not name the session. */
  | { readonly type: "channel" }
  /** The session of this process, as sshd names it when it ends. */
  | ({ readonly type: "session" } & End);

/** Nothing that is read here is nearly as long; names have 32 characters. */
const LONGEST = 1000;
const LONGEST_NAME = 256;
/** sshd spells such characters out. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const FORMS: readonly (readonly [RegExp, (match: RegExpExecArray) => LogMessage | undefined])[] = [
  [
    /^Accepted (\S+) for (.+?) from (\S+) port (\d{1,5}) ssh2(?:: .*)?$/u,
    (match) => onEnd(match, 2, "accepted"),
  ],
  [/^Failed (\S+) for (.+?) from (\S+) port (\d{1,5}) ssh2(?:: .*)?$/u, failed],
  [
    /^error: maximum authentication attempts exceeded for (.+) from (\S+) port (\d{1,5}) ssh2(?: \[preauth\])?$/u,
    closed,
  ],
  [
    /^(?:Connection (?:closed|reset) by|Disconnected from) authenticating user (.+) (\S+) port (\d{1,5})(?: \[preauth\])?$/u,
    closed,
  ],
  [/^Disconnecting authenticating user (.+?) (\S+) port (\d{1,5}): .*$/u, closed],
  [
    /^error: PAM: [^:]*? for (.+) from \S+$/u,
    ([, user = ""]) => (named(user) ? { type: "pam", user, count: 1 } : undefined),
  ],
  [/^Timeout before authentication for \S+ port \d{1,5}$/u, () => ({ type: "grace", pid: undefined })],
  [
    /^Timeout before authentication for connection from \S+ to \S+, pid = (\d{1,10})$/u,
    ([, pid]) => ({ type: "grace", pid: Number(pid) }),
  ],
  [
    /^Timeout, client not responding from user (.+) (\S+) port (\d{1,5})$/u,
    (match) => ended(match, "ClientAlive"),
  ],
  [
    /^terminating inactive connection from (?:user )?(.+) (\S+) port (\d{1,5})$/u,
    (match) => ended(match, "UnusedConnectionTimeout"),
  ],
  [
    /^(?:\S+: )?channel \d+: closing after \d+(?:\.\d+)? seconds of inactivity$/u,
    () => ({ type: "channel" }),
  ],
  [/^Close session: user (.+) from (\S+) port (\d{1,5}) id \d+$/u, (match) => onEnd(match, 1, "session")],
  [
    /^(?:Disconnected from|Connection (?:closed|reset) by) user (.+) (\S+) port (\d{1,5})$/u,
    (match) => onEnd(match, 1, "session"),
  ],
];

/** What a message of sshd's says; undefined for every other one, and for those about names that are no account. */
export function sshdMessage(text: string): LogMessage | undefined {
  if (text.length > LONGEST || UNPRINTABLE.test(text)) return undefined;
  const [, times, inner] = /^message repeated (\d{1,5}) times: \[ (.*)\]$/u.exec(text) ?? [];
  if (times !== undefined && inner !== undefined) return repeated(sshdMessage(inner), Number(times));
  for (const [form, read] of FORMS) {
    const match = form.exec(text);
    if (match !== null) return read(match) ?? undefined;
  }
  return undefined;
}

/** What curfew's watchdog says when it ends a session. */
export function watchdogMessage(text: string): LogMessage | undefined {
  const [, user = "", from = ""] =
    /^ended the session of "(.+)" on pts\/\d{1,9} from (\S+): no input for \d+ s, limit \d+ s, role ".*"$/u.exec(
      text.slice(0, LONGEST),
    ) ?? [];
  return named(user)
    ? { type: "timeout", by: "watchdog", user, address: addressOf(from) ?? null }
    : undefined;
}

/** What systemd-logind says when it ends a session. It knows of no address. */
export function logindMessage(text: string): LogMessage | undefined {
  const [, user = ""] =
    /^Session "?[^\s"]+"? of user "?([^"]+?)"? is idle, stopping\.$/u.exec(text.slice(0, LONGEST)) ?? [];
  return named(user) ? { type: "timeout", by: "logind", user, address: null } : undefined;
}

/** rsyslog says a line once, and then how often it came again. */
function repeated(message: LogMessage | undefined, times: number): LogMessage | undefined {
  return message?.type === "failed" || message?.type === "pam" ? { ...message, count: times } : undefined;
}

function failed([, method = "", ...end]: RegExpExecArray): LogMessage | undefined {
  const secret = method === "password" || method.startsWith("keyboard-interactive");
  const about = endOf(end);
  return about && { type: "failed", secret, count: 1, ...about };
}

function closed(match: RegExpExecArray): LogMessage | undefined {
  return onEnd(match, 1, "closed");
}

function ended(match: RegExpExecArray, by: LoggedTimeout): LogMessage | undefined {
  const end = endOf(match.slice(1));
  return end && { type: "timeout", by, user: end.user, address: end.address };
}

function onEnd(
  match: RegExpExecArray,
  from: number,
  type: "accepted" | "closed" | "session",
): LogMessage | undefined {
  const end = endOf(match.slice(from));
  return end && { type, ...end };
}

function endOf([user = "", from = "", port = ""]: readonly string[]): End | undefined {
  const address = addressOf(from);
  if (!named(user) || address === undefined || Number(port) > 65_535) return undefined;
  return { user, address, port: Number(port) };
}

/** Whether it may be the name of an account. sshd says `invalid user` before every other one. */
function named(user: string): boolean {
  return (
    user !== "" &&
    user.length <= LONGEST_NAME &&
    !UNPRINTABLE.test(user) &&
    !/^(?:invalid|illegal) user /u.test(user)
  );
}

/** As sshd writes it; an IPv4 address that came over IPv6 is one. */
export function addressOf(text: string): string | undefined {
  const address = text.replace(/%.*$/u, "").replace(/^::ffff:(?=\d+\.)/u, "");
  return isIP(address) === 0 ? undefined : address;
}
