/** What sshd's log says about one session, at LogLevel VERBOSE (log messages of OpenSSH 7.7 to 10.6). */
export type ShadowEvent =
  | { readonly type: "accepted"; readonly user: string; readonly port: number; readonly fingerprint: string }
  | { readonly type: "client-silent"; readonly port: number }
  | { readonly type: "connection-unused"; readonly port: number }
  | { readonly type: "channel-idle"; readonly seconds: number }
  | { readonly type: "refused"; readonly user: string; readonly text: string };

const ACCEPTED = /^Accepted publickey for (.+) from \S+ port (\d+) ssh2: \S+ (SHA256:[A-Za-z0-9+/]+)$/u;
const CLIENT_SILENT = /^Timeout, client not responding from user .* port (\d+)$/u;
// Whole seconds up to 10.5, with six decimals on 10.6.
const CHANNEL_IDLE = /^(?:.*: )?channel \d+: closing after (\d+(?:\.\d+)?) seconds of inactivity/u;
const CONNECTION_UNUSED = /^terminating inactive connection from (?:user )?.* port (\d+)$/u;
const DENIED = /^Access denied for user (\S+) /u;
const NOT_ALLOWED = " not allowed because ";
/** Nothing that sshd writes about a login is nearly as long; names have 32 characters. */
const LONGEST = 2000;

/**
 * One line of `sshd -E` as an event, undefined for every other line. The channel's line names no
 * session: which one it was has to be told from the moment and the number of seconds.
 */
export function parseShadowLog(raw: string): ShadowEvent | undefined {
  // sshd ends the lines of -E with CR LF.
  const line = raw.trimEnd();
  if (line.length > LONGEST) return undefined;
  const accepted = ACCEPTED.exec(line);
  if (accepted !== null) {
    const [, user = "", port, fingerprint = ""] = accepted;
    return { type: "accepted", user, port: Number(port), fingerprint };
  }
  const silent = CLIENT_SILENT.exec(line);
  if (silent !== null) return { type: "client-silent", port: Number(silent[1]) };
  const unused = CONNECTION_UNUSED.exec(line);
  if (unused !== null) return { type: "connection-unused", port: Number(unused[1]) };
  const idle = CHANNEL_IDLE.exec(line);
  if (idle !== null) return { type: "channel-idle", seconds: Number(idle[1]) };
  const user = refusedUser(line);
  return user === undefined ? undefined : { type: "refused", user, text: line };
}

function refusedUser(line: string): string | undefined {
  if (line.startsWith("ROOT LOGIN REFUSED")) return "root";
  const at = line.startsWith("User ") ? line.indexOf(NOT_ALLOWED) : -1;
  if (at > 5) return line.slice(5, at).replace(/ from \S+$/u, "");
  return DENIED.exec(line)?.[1];
}
