/**
 * Lines of sshd that look as if they ended idle sessions and do nothing: by the release's rules (measured, see
 * openssh-version.ts), or because another line wins. Whoever wrote them. Pure.
 */
import { type LocatedDirective, sshdDirectives } from "../../../core/sshd/directives.ts";
import { CAPABILITIES, can, type Capability } from "../../../core/sshd/openssh-version.ts";
import type { InertLine } from "../../../model/control/ending.ts";
import type { Facts, OpenSshVersion } from "../../../model/facts/facts.ts";
import { SSH_KINDS } from "../../../model/terms/session-kind.ts";
import { channelSeconds, matchesType } from "./channels.ts";
import { aliveEffect } from "./client-alive.ts";
import { holdsForAll, inertLine } from "./lines.ts";
import { overriddenLines } from "./overridden.ts";

/** Every line of sshd that does nothing on this host, in the order in which they are read. */
export function sshdInert(facts: Facts): InertLine[] {
  const { server } = facts;
  if (server.product !== "openssh") return [];
  const channels = channelLines(facts, server.version);
  const named = new Set(channels.map(({ source }) => source));
  const others = overriddenLines(facts).filter(({ source }) => !named.has(source));
  return oncePerLine([...channels, ...countMaxLines(facts, server.version), ...others]);
}

/** A file that is included more than once may have an effect at one place and none at the other. */
function channelLines(facts: Facts, version: OpenSshVersion): InertLine[] {
  const lines = sshdDirectives(facts).filter(({ keyword }) => keyword === "channeltimeout");
  const visits = lines.map((line) => ({ line, inert: channelLine(version, line) }));
  const works = new Set(
    visits.filter(({ inert }) => inert.length === 0).map(({ line }) => `${line.file}:${line.line}`),
  );
  return visits.flatMap(({ inert }) => inert).filter(({ source }) => !works.has(source));
}

function oncePerLine(lines: readonly InertLine[]): InertLine[] {
  return [...new Map(lines.toReversed().map((each) => [each.source, each])).values()].toReversed();
}

function channelLine(version: OpenSshVersion, line: LocatedDirective): InertLine[] {
  const value = line.args.join(" ");
  // What such an entry would end where every rule is the newest one's.
  const kinds = SSH_KINDS.filter((kind) => channelSeconds(value, kind, NEWEST) !== undefined);
  const make = (why: string): InertLine[] => [inertLine(line, why, kinds)];
  const needs = (capability: Capability, what: string): InertLine[] =>
    make(`OpenSSH ${versionText(version)} ${what} (${CAPABILITIES[capability].source})`);
  if (value.toLowerCase() === "none") return [];
  if (!can(version, "channel-timeout")) return needs("channel-timeout", "does not know it; it came with 9.2");
  if (!can(version, "channel-timeout-in-match") && !holdsForAll(line.match)) {
    return needs(
      "channel-timeout-in-match",
      "heeds ChannelTimeout outside Match only; 10.5 and newer heed it inside as well",
    );
  }
  const types = value.split(/\s+/u).map((entry) => entry.split("=")[0] ?? "");
  const dead = types.filter((type) => !CHANNELS.some((channel) => matchesType(type, channel, version)));
  if (dead.length === 0) return [];
  if (dead.includes("session")) {
    return needs(
      "channel-timeout-bare-session",
      'has no channel "session"; write session:*, the bare word works in 10.6 and newer',
    );
  }
  return dead.every((type) => type === "global" && can(version, "channel-timeout-global"))
    ? []
    : make(
        `OpenSSH ${versionText(version)} has no channel "${dead.join('", "')}" (sshd_config(5) ChannelTimeout)`,
      );
}

/** Every type of channel that sshd_config(5) ChannelTimeout names; a subsystem's name is free. */
const CHANNELS = [
  "agent-connection",
  "direct-tcpip",
  "direct-streamlocal@openssh.com",
  "forwarded-tcpip",
  "forwarded-streamlocal@openssh.com",
  "session:shell",
  "session:command",
  "session:subsystem:sftp",
  "tun-connection",
  "x11-connection",
];

const NEWEST: OpenSshVersion = { major: 99, minor: 0 };

/** The old recipe, ClientAliveInterval 300 with ClientAliveCountMax 0, wherever it is in force for somebody. */
function countMaxLines(facts: Facts, version: OpenSshVersion): InertLine[] {
  const { classes, effective } = facts.sshd;
  const found = classes.state === "known" ? classes.value.map((each) => each.effective) : [effective];
  const inForce = found.some(
    (lines) => lines.state === "known" && aliveEffect(version, lines.value)?.ends === "nothing",
  );
  if (!inForce) return [];
  const why = `in OpenSSH 8.2 and newer a count of 0 disables ClientAliveInterval altogether (${CAPABILITIES["client-alive-zero-drops"].source})`;
  return sshdDirectives(facts)
    .filter(({ keyword, args }) => keyword === "clientalivecountmax" && args[0] === "0")
    .map((line) =>
      inertLine(
        line,
        why,
        SSH_KINDS.filter((kind) => kind !== "typing"),
      ),
    );
}

function versionText({ major, minor }: OpenSshVersion): string {
  return `${major}.${minor}`;
}
