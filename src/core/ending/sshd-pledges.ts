/**
 * What sshd would end by its settings, release by release: only what was measured to work there
 * counts (see openssh-version.ts), whatever `sshd -T` prints. Pure.
 */
import type { Seconds } from "../../model/duration.ts";
import type { Facts, OpenSshVersion, UserClass } from "../../model/facts.ts";
import type { SessionKind } from "../../model/session-kind.ts";
import { effectiveValue } from "../sshd/effective.ts";
import { surelyMatches } from "../sshd/match-block.ts";
import { can } from "../sshd/openssh-version.ts";
import { parseSshdTime } from "../sshd/time.ts";
import { globMatches, type LocatedDirective, sshdDirectives } from "../sshd/directives.ts";

/** One setting of sshd that ends sessions of a kind. */
export interface SshdPledge {
  readonly by: "ChannelTimeout" | "ClientAlive" | "UnusedConnectionTimeout";
  /** At the latest. */
  readonly seconds: Seconds;
  /** The line of the files that says so, `FILE:LINE`; the keyword where none could be found. */
  readonly source: string;
  /** The same in sshd's own words; undefined where this release does not print it. */
  readonly confirmed: string | undefined;
  /** The line of `source`, where one was found. */
  readonly line: LocatedDirective | undefined;
}

type Found = Omit<SshdPledge, "line">;

/**
 * What ends an idle session of this kind, for an account of which `sshd -T -C` says these lower-case
 * `keyword value` lines.
 */
export function sshdPledges(
  facts: Facts,
  account: UserClass,
  lines: readonly string[],
  kind: SessionKind,
): SshdPledge[] {
  const { server } = facts;
  if (server.product !== "openssh") return [];
  const found = [
    clientAlive(server.version, lines, kind),
    channelTimeout(facts, server.version, lines, kind),
    unusedConnection(server.version, lines, kind),
  ];
  return found.flatMap((pledge) => {
    if (pledge === undefined) return [];
    const { by, seconds, confirmed } = pledge;
    const line = locate(facts, account, pledge);
    const source = line === undefined ? pledge.source : `${line.file}:${line.line}`;
    return [{ by, seconds, confirmed, source, line }];
  });
}

/** A session's channel as ChannelTimeout names it (sshd_config(5)); the rest have none of their own. */
const CHANNEL_TYPES: Readonly<Partial<Record<SessionKind, string>>> = {
  "idle-shell": "session:shell",
  "frozen-client": "session:shell",
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
  if (type === undefined) return undefined;
  const entries = value.split(/\s+/u).map((entry) => entry.split("="));
  const entry = entries.find(([pattern = ""]) => matchesType(pattern, type, version));
  const seconds = parseSshdTime(entry?.[1] ?? "");
  return seconds === undefined || seconds === 0 ? undefined : seconds;
}

function clientAlive(
  version: OpenSshVersion,
  lines: readonly string[],
  kind: SessionKind,
): Found | undefined {
  const interval = Number(effectiveValue(lines, "clientaliveinterval") ?? 0);
  const countMax = Number(effectiveValue(lines, "clientalivecountmax") ?? 3);
  if (!(interval > 0) || kind === "typing") return undefined;
  if (countMax === 0 && !can(version, "client-alive-zero-drops")) return undefined;
  // A client that answers is never dropped, but for a CountMax of 0 before 8.2.
  if (countMax > 0 && kind !== "frozen-client") return undefined;
  const twice = countMax > 0 && can(version, "client-alive-takes-twice") ? 2 : 1;
  const said = `clientaliveinterval ${interval}, clientalivecountmax ${countMax}`;
  return {
    by: "ClientAlive",
    seconds: interval * (countMax + 1) * twice,
    source: "ClientAliveInterval",
    confirmed: said,
  };
}

function channelTimeout(
  facts: Facts,
  version: OpenSshVersion,
  lines: readonly string[],
  kind: SessionKind,
): Found | undefined {
  const value = channelValue(facts, version, lines);
  const seconds = value === undefined ? undefined : channelSeconds(value, kind, version);
  if (seconds === undefined) return undefined;
  const confirmed = can(version, "channel-timeout-shown") ? `channeltimeout ${value}` : undefined;
  return { by: "ChannelTimeout", seconds, source: "ChannelTimeout", confirmed };
}

/** Before 10.5 what sshd reads at its start, without an account; 9.2 keeps that to itself. */
function channelValue(facts: Facts, version: OpenSshVersion, lines: readonly string[]): string | undefined {
  if (!can(version, "channel-timeout")) return undefined;
  if (can(version, "channel-timeout-in-match")) return effectiveValue(lines, "channeltimeout");
  const { effective } = facts.sshd;
  if (can(version, "channel-timeout-shown")) {
    return effective.state === "known" ? effectiveValue(effective.value, "channeltimeout") : undefined;
  }
  return sshdDirectives(facts)
    .find(({ keyword, match }) => keyword === "channeltimeout" && holdsForAll(match))
    ?.args.join(" ");
}

function unusedConnection(
  version: OpenSshVersion,
  lines: readonly string[],
  kind: SessionKind,
): Found | undefined {
  if (kind !== "unused-connection" || !can(version, "unused-connection-timeout")) return undefined;
  const value = effectiveValue(lines, "unusedconnectiontimeout") ?? "none";
  const seconds = parseSshdTime(value) ?? 0;
  if (seconds === 0) return undefined;
  const keyword = "UnusedConnectionTimeout";
  return { by: keyword, seconds, source: keyword, confirmed: `unusedconnectiontimeout ${value}` };
}

/**
 * The first line that sets the keyword to the value in force: of a block that is certain to match, for Match wins;
 * else of everybody. A block of others may have the same value, and is the line only where no other has it.
 */
function locate(
  facts: Facts,
  account: UserClass,
  { by, confirmed, seconds }: Found,
): LocatedDirective | undefined {
  const keyword = by === "ClientAlive" ? "clientaliveinterval" : by.toLowerCase();
  const lines = sshdDirectives(facts).filter((directive) => directive.keyword === keyword);
  const wanted = /^clientaliveinterval (\d+)/u.exec(confirmed ?? "")?.[1];
  const isIt = (args: readonly string[]): boolean => {
    if (by === "ChannelTimeout")
      return confirmed === undefined || sameWords(confirmed, `channeltimeout ${args.join(" ")}`);
    return parseSshdTime(args[0] ?? "") === Number(wanted ?? seconds);
  };
  const fitting = lines.filter(({ args }) => isIt(args));
  return (
    fitting.find(({ match }) => match !== null && surelyMatches(account, match)) ??
    fitting.find(({ match }) => match === null) ??
    fitting[0]
  );
}

/** sshd prints each time in the spelling of the file. */
function sameWords(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

/** Whether lines under it are read when sshd starts, before anybody logs in. */
export function holdsForAll(match: string | null): boolean {
  return match === null || /^all$/iu.test(match.trim());
}

/** Whether a ChannelTimeout entry is about this type of channel: `*` and `?` match across everything. A bare `session` is every session from 10.6. */
export function matchesType(pattern: string, type: string, version: OpenSshVersion): boolean {
  if (pattern === "session" && type.startsWith("session:")) {
    return can(version, "channel-timeout-bare-session");
  }
  return globMatches(pattern, type);
}
