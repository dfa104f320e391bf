/**
 * What sshd would end by its settings, release by release: only what was measured to work there
 * counts (see openssh-version.ts), whatever `sshd -T` prints. Pure.
 */
import { daemonFinding } from "../../../core/ending/daemon-current.ts";
import { type LocatedDirective, sshdDirectives } from "../../../core/sshd/directives.ts";
import { effectiveValue } from "../../../core/sshd/effective.ts";
import { surelyMatches } from "../../../core/sshd/match-block.ts";
import { can } from "../../../core/sshd/openssh-version.ts";
import { parseSshdTime } from "../../../core/sshd/time.ts";
import type { Seconds } from "../../../model/terms/duration.ts";
import type { Ending, EndingQuestion, Endings } from "../../../model/control/ending.ts";
import type { Facts, OpenSshVersion, UserClass } from "../../../model/facts/facts.ts";
import type { SessionKind } from "../../../model/terms/session-kind.ts";
import { channelSeconds, otherChannel } from "./channels.ts";
import { aliveEffect } from "./client-alive.ts";
import { holdsForAll, type SshdMechanism } from "./lines.ts";
import { sshdDoubt } from "./doubt.ts";
import { begunAnew } from "./nested.ts";

/** One setting of sshd that ends sessions of a kind. */
export interface SshdSetting {
  readonly by: SshdMechanism;
  /** At the latest. */
  readonly seconds: Seconds;
  /** The line of the files that says so, `FILE:LINE`; the keyword where none could be found. */
  readonly source: string;
  /** The same in sshd's own words; undefined where this release does not print it. */
  readonly confirmed: string | undefined;
  /** The line of `source`, where one was found. */
  readonly line: LocatedDirective | undefined;
}

type Found = Omit<SshdSetting, "line">;

/** What sshd ends an account's sessions of one kind by; an exemption is in what it says already. */
export function sshdEndings({ facts, account, kind }: EndingQuestion): Endings {
  const { effective } = account;
  const complete =
    effective.state === "known" && effectiveValue(effective.value, "pubkeyauthentication") !== undefined;
  if (!complete) {
    const why = effective.state === "unreadable" ? `: ${effective.reason}` : "";
    return { endings: [], unread: [`sshd -T -C for ${account.representative}${why}`] };
  }
  const settings = sshdSettings(facts, account, effective.value, kind);
  const endings = settings.map((setting) =>
    Object.assign(
      endingOf(setting, facts, account),
      kind === "nested-shell" ? begunAnew(setting, account) : {},
      channelsApart(facts, setting, effective.value, kind),
    ),
  );
  return { endings, unread: [] };
}

function endingOf(
  { by, seconds, source, confirmed, line }: SshdSetting,
  facts: Facts,
  account: UserClass,
): Ending {
  const stale = daemonFinding(facts);
  const denied = stale.outcome === "fail" ? { denied: `${stale.actual}; reload it` } : {};
  const doubt = sshdDoubt(facts, account, { by, seconds, line });
  const base = { control: "sshd", by, seconds, grace: 0, source, confirmed, asked: true } as const;
  return Object.assign(base, denied, doubt === undefined ? {} : { doubt }, unshown(facts, account, by));
}

function channelsApart(
  facts: Facts,
  { by, seconds }: SshdSetting,
  lines: readonly string[],
  kind: SessionKind,
): Pick<Ending, "doubt"> {
  const { server } = facts;
  if (server.product !== "openssh" || by !== "ChannelTimeout") return {};
  const value = channelValue(facts, server.version, lines) ?? "";
  const doubt = otherChannel(value, kind, seconds, server.version);
  return doubt === undefined ? {} : { doubt };
}

/** A count of 0 on a release of which some builds take it for off. */
function unshown({ server }: Facts, { effective }: UserClass, by: SshdMechanism): Pick<Ending, "unshown"> {
  const lines = effective.state === "known" ? effective.value : [];
  if (by !== "ClientAlive" || server.product !== "openssh") return {};
  if (!can(server.version, "client-alive-zero-unsure")) return {};
  if (aliveEffect(server.version, lines)?.ends !== "silent") return {};
  return {
    unshown:
      "some builds of this OpenSSH drop sessions with ClientAliveCountMax 0 and some never do; only a session shows which (curfew verify)",
  };
}

/**
 * What ends an idle session of this kind, for an account of which `sshd -T -C` says these lower-case
 * `keyword value` lines.
 */
export function sshdSettings(
  facts: Facts,
  account: UserClass,
  lines: readonly string[],
  kind: SessionKind,
): SshdSetting[] {
  const { server } = facts;
  if (server.product !== "openssh") return [];
  const found = [
    clientAlive(server.version, lines, kind),
    channelTimeout(facts, server.version, lines, kind),
    unusedConnection(server.version, lines, kind),
  ];
  return found.flatMap((setting) => {
    if (setting === undefined) return [];
    const { by, seconds, confirmed } = setting;
    const line = locate(facts, account, setting);
    const source = line === undefined ? setting.source : `${line.file}:${line.line}`;
    return [{ by, seconds, confirmed, source, line }];
  });
}

function clientAlive(
  version: OpenSshVersion,
  lines: readonly string[],
  kind: SessionKind,
): Found | undefined {
  const effect = aliveEffect(version, lines);
  if (effect === undefined || effect.ends === "nothing" || kind === "typing") return undefined;
  // A client that answers is never dropped, but for a CountMax of 0 before 8.2.
  if (effect.ends === "unanswering" && kind !== "frozen-client") return undefined;
  // It makes room for more as it reads, and each time it says so to the server.
  if (effect.ends === "silent" && kind === "output-loop") return undefined;
  const { interval, countMax, within } = effect;
  const confirmed = `clientaliveinterval ${interval}, clientalivecountmax ${countMax}`;
  return { by: "ClientAlive", seconds: within, source: "ClientAliveInterval", confirmed };
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
  return (
    optionValue(facts, "channeltimeout") ??
    sshdDirectives(facts)
      .find(({ keyword, match }) => keyword === "channeltimeout" && holdsForAll(match))
      ?.args.join(" ")
  );
}

/** What the running daemon was given on its command line (`-o`), which it reads before every file. */
function optionValue({ sshd }: Facts, keyword: string): string | undefined {
  const options = sshd.options.map((option) => /^\s*([a-z]+)[\s=]+(.*)$/iu.exec(option));
  return options.find((option) => option?.[1]?.toLowerCase() === keyword)?.[2]?.replaceAll('"', "");
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
