/** ChannelTimeout: which entry closes the channel of which kind of session on which release. */
import { globMatches } from "../../../core/sshd/glob.ts";
import { can } from "../../../core/sshd/openssh-version.ts";
import { parseSshdTime } from "../../../core/sshd/time.ts";
import type { Seconds } from "../../../model/terms/duration.ts";
import type { OpenSshVersion } from "../../../model/facts/facts.ts";
import type { SessionKind } from "../../../model/terms/session-kind.ts";

/** A session's channel as ChannelTimeout names it (sshd_config(5)); the rest have none of their own. */
const CHANNEL_TYPES: Readonly<Partial<Record<SessionKind, string>>> = {
  "idle-shell": "session:shell",
  "frozen-client": "session:shell",
  "nested-shell": "session:shell",
  "escaped-shell": "session:shell",
  "foreground-program": "session:shell",
  "idle-command": "session:command",
  "idle-sftp": "session:subsystem:sftp",
  "idle-forward": "direct-tcpip",
};

/**
 * Seconds after which a ChannelTimeout value (`session:*=5m direct-tcpip=1h`) closes the channel of a
 * session of this kind; undefined where it does not. The first entry that matches decides
 * (`lookup_timeout` in channels.c).
 */
export function channelSeconds(
  value: string,
  kind: SessionKind,
  version: OpenSshVersion,
): Seconds | undefined {
  const type = CHANNEL_TYPES[kind];
  return type === undefined ? undefined : typeSeconds(value, type, version);
}

/**
 * Another type of channel of which a session of the kind may be as well (measured on 9.2 and 10.6): `ssh -t HOST PROGRAM`
 * runs a command, and what is forwarded may go to a socket that is a path.
 */
const ALSO: Readonly<Partial<Record<SessionKind, string>>> = {
  "frozen-client": "session:command",
  "escaped-shell": "session:command",
  "foreground-program": "session:command",
  "idle-forward": "direct-streamlocal@openssh.com",
};

/** Why some sessions of the kind may stay although others end after `seconds`; undefined where all end by then. */
export function otherChannel(
  value: string,
  kind: SessionKind,
  seconds: Seconds,
  version: OpenSshVersion,
): string | undefined {
  const type = ALSO[kind];
  if (type === undefined || (typeSeconds(value, type, version) ?? Infinity) <= seconds) return undefined;
  return `ChannelTimeout ends channels of the type ${CHANNEL_TYPES[kind] ?? kind}; those of the type ${type}, which such sessions may be as well, it does not end as soon`;
}

function typeSeconds(value: string, type: string, version: OpenSshVersion): Seconds | undefined {
  const entries = value.split(/\s+/u).map((entry) => entry.split("="));
  const entry = entries.find(([pattern = ""]) => matchesType(pattern, type, version));
  const seconds = parseSshdTime(entry?.[1] ?? "");
  return seconds === undefined || seconds === 0 ? undefined : seconds;
}

/** Whether a ChannelTimeout entry is about this type of channel: `*` and `?` match across everything. A bare `session` is every session from 10.6. */
export function matchesType(pattern: string, type: string, version: OpenSshVersion): boolean {
  if (pattern === "session" && type.startsWith("session:")) {
    return can(version, "channel-timeout-bare-session");
  }
  return globMatches(pattern, type);
}
