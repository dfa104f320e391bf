/** Whether a session in the shadow instance would be one as the person has it, before anybody logs in. Pure. */
import { hasTerminal, type SessionKind } from "../../model/terms/session-kind.ts";
import { effectiveValue } from "../sshd/effective.ts";

/** What sshd says for one account, as lines `keyword value`. */
export interface ShadowView {
  /** In the instance, coming from 127.0.0.1. */
  readonly inside: readonly string[];
  /**
   * By the host's own configuration, coming in from outside, with a line `key OPTION…` for each of the account's own
   * keys. Undefined where it is not known where logins come from.
   */
  readonly outside: readonly string[] | undefined;
}

/** Keywords that decide what a session is, and when it ends. */
const ALIKE = [
  "clientaliveinterval",
  "clientalivecountmax",
  "channeltimeout",
  "unusedconnectiontimeout",
  "rekeylimit",
  "forcecommand",
  "permittty",
  "setenv",
  "acceptenv",
  "chrootdirectory",
  "permituserenvironment",
  "permituserrc",
] as const;

/**
 * Why a session of this account in the shadow instance could not begin, or would not show what a real
 * one does; undefined where it will. A Match block of the host beats the instance's own options, so
 * what it sets has to be looked at.
 */
export function shadowObstacle(
  user: string,
  { inside, outside }: ShadowView,
  session: SessionKind = "idle-shell",
): string | undefined {
  const value = (keyword: string): string => effectiveValue(inside, keyword) ?? "";
  if (value("pubkeyauthentication") === "") return `sshd does not say what holds for ${user}`;
  return (
    closedDoor(user, value) ??
    otherSession(user, value, session) ??
    unlike(user, inside, outside) ??
    ownKeys(user, outside ?? [], session)
  );
}

function closedDoor(user: string, value: (keyword: string) => string): string | undefined {
  const keys = value("authorizedkeysfile");
  if (!keys.startsWith("/run/curfew-shadow-")) return `a Match block sets AuthorizedKeysFile for ${user}`;
  if (value("pubkeyauthentication") !== "yes") return `a Match block forbids public keys for ${user}`;
  if (!["publickey", "any", ""].includes(value("authenticationmethods"))) {
    return `a Match block demands AuthenticationMethods ${value("authenticationmethods")} of ${user}`;
  }
  const rootLogin = value("permitrootlogin");
  if (user === "root" && !["yes", "prohibit-password", "without-password"].includes(rootLogin)) {
    return `root cannot log in (PermitRootLogin ${rootLogin})`;
  }
  return undefined;
}

function otherSession(
  user: string,
  value: (keyword: string) => string,
  session: SessionKind,
): string | undefined {
  if (value("permittty") === "no" && hasTerminal(session)) return `${user} gets no terminal (PermitTTY no)`;
  const command = value("forcecommand");
  if (["", "none"].includes(command) || canBeForced(session, command)) return undefined;
  return `${user} gets no shell (ForceCommand ${command})`;
}

/** Whether a session of this kind is what it should be although sshd runs `command` whatever is asked for. */
function canBeForced(session: SessionKind, command: string): boolean {
  if (session === "idle-sftp") return /^internal-sftp(?:\s|$)/u.test(command);
  return NO_PROGRAM.has(session);
}

/** Kinds in which nothing runs on the host. */
const NO_PROGRAM: ReadonlySet<SessionKind> = new Set(["unused-connection", "idle-forward"]);

function unlike(
  user: string,
  inside: readonly string[],
  outside: readonly string[] | undefined,
): string | undefined {
  if (outside === undefined || effectiveValue(outside, "pubkeyauthentication") === undefined) {
    return `sshd does not say what holds for ${user} from outside, only from 127.0.0.1`;
  }
  const differs = ALIKE.find((keyword) => valuesOf(inside, keyword) !== valuesOf(outside, keyword));
  return differs === undefined
    ? undefined
    : `a Match block treats logins of ${user} from 127.0.0.1 and from outside differently (${differs})`;
}

/** All lines of a keyword: SetEnv and AcceptEnv have one for each value. */
function valuesOf(lines: readonly string[], keyword: string): string {
  const start = `${keyword} `;
  return lines.filter((line) => line.slice(0, start.length).toLowerCase() === start).join("\n");
}

/** A session through one of the person's own keys may be another than the one that the instance's key opens. */
function ownKeys(user: string, outside: readonly string[], session: SessionKind): string | undefined {
  const keys = outside.filter((line) => line.startsWith("key ")).map((line) => line.split(" ").slice(1));
  if (NO_PROGRAM.has(session)) return undefined;
  if (keys.some((options) => options.includes("unknown"))) {
    return `${user}'s keys come from an AuthorizedKeysCommand, so it is unknown what their sessions are`;
  }
  const own = ["command", "environment"].find((option) => keys.some((options) => options.includes(option)));
  if (own !== undefined)
    return `a key of ${user}'s own has ${own}= in authorized_keys: its sessions are others`;
  const bare = keys.length > 0 && keys.every((options) => options.includes("no-pty"));
  return bare && hasTerminal(session) ? `${user}'s own keys get no terminal (no-pty)` : undefined;
}
