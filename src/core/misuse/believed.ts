/**
 * Which lines of a journal are believed. Any account may write there under any name; the kernel vouches for the number
 * of the account and, mostly, for the program. So only root speaks of logins, and others of their own sessions.
 */
import { logindMessage, sshdMessage, watchdogMessage, type LogMessage } from "./lines.ts";

/** One line as the script prints it. `-` where the log does not tell. */
export interface LogLine {
  readonly uid: string;
  /** The file of the program, else its name in parentheses, else `self`: the sender's number is the one it gave. */
  readonly program: string;
  readonly identifier: string;
  readonly text: string;
}

/** What a line says; undefined where that is nothing of interest, or not to be believed. `accounts`: names by number. */
export function believedMessage(
  line: LogLine,
  accounts: ReadonlyMap<string, string>,
): LogMessage | undefined {
  const message = messageOf(line);
  if (message === undefined || line.uid === "-") return message;
  if (!PROGRAMS[line.identifier]?.test(line.program)) return undefined;
  // Of root's programs only those that end as they speak may be gone when the journal looks; logger(1) is as quick.
  if (line.uid === "0") return line.program !== "self" || LAST_WORDS.has(message.type) ? message : undefined;
  // What sshd says of a session comes from a process of whose session it is.
  const name = accounts.get(line.uid) ?? "";
  if (line.identifier.startsWith("sshd") && message.type === "channel") return message;
  const own =
    message.type === "session" || (message.type === "timeout" && line.identifier.startsWith("sshd"));
  return own && name !== "" && plain(message.user) === plain(name) ? message : undefined;
}

/** Without its domain: sshd says a name as it was typed, the name service as it writes it. */
function plain(name: string): string {
  return name.toLowerCase().replace(/^[^\\]*\\(?=.)|(?<=.)@[^@]*$/gu, "");
}

/** They make no finding without a timeout or a password that somebody else vouches for. */
const LAST_WORDS: ReadonlySet<string> = new Set(["closed", "grace", "session"]);

const SSHD = /^(?:self|\(sshd(?:-session|-auth)?\)|\/.*\/sshd(?:-session|-auth)?(?: \(deleted\))?)$/u;

/** The watchdog speaks through logger(1), or systemd passes its words on. */
const PROGRAMS: Readonly<Record<string, RegExp>> = {
  sshd: SSHD,
  "sshd-session": SSHD,
  "systemd-logind": /^(?:self|\(systemd-logind\)|\/.*\/systemd-logind(?: \(deleted\))?)$/u,
  // Any program, also one that the journal could not name any more, as logger(1) is quick: root has to have run it.
  "curfew-watchdog": /^/u,
};

function messageOf({ identifier, text }: LogLine): LogMessage | undefined {
  if (identifier === "curfew-watchdog") return watchdogMessage(text);
  if (identifier === "systemd-logind") return logindMessage(text);
  return identifier === "sshd" || identifier === "sshd-session" ? sshdMessage(text) : undefined;
}
