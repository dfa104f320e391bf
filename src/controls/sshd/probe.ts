/** What sshd may end a session by that is to be opened, and why it did not. Pure. */
import { coarsest, scaleSeconds } from "../../core/probe/scale.ts";
import { effectiveValue, sshdTexts } from "../../core/sshd/effective.ts";
import { can, sshdVersion } from "../../core/sshd/openssh-version.ts";
import type { OpenSshVersion } from "../../model/facts/facts.ts";
import { isServiceKind } from "../../model/terms/session-kind.ts";
import type { ConfiguredTimeout, ProbedSession } from "../../model/control/timeout.ts";
import { type AliveEffect, aliveEffect } from "./ending/client-alive.ts";
import { scaleSshdConfig } from "./scale.ts";

/** As sshd says them for the account; ChannelTimeout also from the files, as 9.2 does not print it. */
export function sshdTimeouts(session: ProbedSession): ConfiguredTimeout[] {
  return [...clientAlive(session), ...channelTimeouts(session), ...unusedConnection(session)];
}

/** Whole seconds may be too coarse for a short run; all else of sshd scales. */
export function sshdUnscalable(session: ProbedSession): string | undefined {
  return coarsest(sshdTimeouts(session), session);
}

/** A client that answers is dropped only where sshd counts its silence. */
function clientAlive({ facts, effective, session, factor }: ProbedSession): ConfiguredTimeout[] {
  const found = aliveEffect(sshdVersion(facts), effective);
  if (found === undefined || found.ends === "nothing") return [];
  if (found.ends === "unanswering" && session !== "frozen-client") return [];
  // A client that reads what a program prints tells the server to go on, and so is not silent.
  if (found.ends === "silent" && session === "output-loop") return [];
  const { interval, countMax, within: real, stretch } = found;
  const fires = scaleSeconds(interval, factor) * (countMax + 1);
  return [{ by: "ClientAlive", fires, real, stretch, source: `ClientAliveInterval ${interval}` }];
}

function channelTimeouts({ facts, effective, session, factor }: ProbedSession): ConfiguredTimeout[] {
  if (session === "unused-connection" || isServiceKind(session)) return [];
  const line = effectiveValue(effective, "channeltimeout");
  const texts = line === undefined ? sshdTexts(facts) : [{ path: "sshd -T", text: `channeltimeout ${line}` }];
  const own = session === "idle-forward" ? "forward" : "session";
  return texts.flatMap(({ path, text }) =>
    scaleSshdConfig(text, factor)
      .found.filter(({ by, channel }) => by === "ChannelTimeout" && (channel === "any" || channel === own))
      .map(({ real, scaled: fires, line: at }) => ({
        by: "ChannelTimeout",
        real,
        fires,
        source: `${path}:${at}`,
      })),
  );
}

function unusedConnection({ effective, session, factor }: ProbedSession): ConfiguredTimeout[] {
  if (session !== "unused-connection") return [];
  const by = "UnusedConnectionTimeout";
  const line = `unusedconnectiontimeout ${effectiveValue(effective, "unusedconnectiontimeout") ?? "none"}`;
  return scaleSshdConfig(line, factor).found.map(({ real, scaled: fires }) => ({
    by,
    real,
    fires,
    source: by,
  }));
}

/** Why sshd did not end a session that had to end. */
export function sshdKept(probed: ProbedSession, configured: readonly ConfiguredTimeout[]): string[] {
  const { server } = probed.facts;
  if (server.product !== "openssh") return [];
  const alive = aliveEffect(server.version, probed.effective);
  const off = alive === undefined ? [] : countedOff(alive, probed);
  if (probed.session === "frozen-client") return [...off, ...frozenKept(server.version, alive, probed)];
  if (probed.session === "idle-shell" || probed.session === "typing") {
    return [...off, ...shellKept(server.version, alive, probed)];
  }
  return [...off, ...configured.flatMap((timeout) => whyNot(timeout, probed))];
}

/** A count of 0 that ended nothing. */
function countedOff({ ends, interval }: AliveEffect, { limit, session }: ProbedSession): string[] {
  if (ends === "nothing")
    return [`ClientAliveCountMax 0 disables ClientAliveInterval ${interval} on OpenSSH 8.2 and newer`];
  if (ends === "unanswering" || interval > limit || session === "output-loop") return [];
  return [
    `ClientAliveInterval ${interval} with ClientAliveCountMax 0 did nothing: this build takes a count of 0 for off, as later ones of RHEL 8 do`,
  ];
}

/** Why a client that does not answer was kept. */
function frozenKept(
  version: OpenSshVersion,
  alive: AliveEffect | undefined,
  { limit, effective }: ProbedSession,
): string[] {
  if (effectiveValue(effective, "clientaliveinterval") === undefined)
    return ["it is not known whether sshd asks the client (ClientAliveInterval could not be read)"];
  if (alive === undefined)
    return ["ClientAliveInterval is 0, so sshd does not ask whether the client answers"];
  const { interval, countMax, stretch } = alive;
  if (countMax === 0) return [];
  const seconds = interval * (countMax + 1);
  if (seconds > limit) return [`ClientAlive drops only after ${seconds} s`];
  if (stretch === 1) return [];
  return [
    `OpenSSH ${versionText(version)} takes about twice ClientAliveInterval x (ClientAliveCountMax + 1)`,
  ];
}

function shellKept(
  version: OpenSshVersion,
  alive: AliveEffect | undefined,
  { effective }: ProbedSession,
): string[] {
  const answers = alive?.ends === "unanswering" ? ["ClientAlive never drops a client that answers"] : [];
  if (!can(version, "channel-timeout")) {
    return [...answers, `OpenSSH ${versionText(version)} has no idle timeout of its own`];
  }
  const set = timesSessions(effectiveValue(effective, "channeltimeout") ?? "");
  return set ? [...answers, `ChannelTimeout is set, but ${UNHEEDED}`] : answers;
}

/** Whether an entry of ChannelTimeout is about sessions. Word by word: an expression over all of it backtracks. */
function timesSessions(value: string): boolean {
  return value.split(/\s+/u).some((entry) => /^session[:=]/u.test(entry) && entry.includes("="));
}

/** Why a timeout that is set, and could end a session of this kind, did not. */
function whyNot({ by, real, source }: ConfiguredTimeout, { session, limit }: ProbedSession): string[] {
  if (by === "ClientAlive") return [];
  if (real > limit) return [`${by} ${real} s (${source}) is over the limit`];
  if (by === "UnusedConnectionTimeout" || session === "output-loop" || session === "tmux") return [];
  return [`${by} is set (${source}), but ${UNHEEDED}`];
}

const UNHEEDED = "this OpenSSH does not heed it there (Match before 10.5, bare session before 10.6)";

function versionText({ major, minor }: OpenSshVersion): string {
  return `${major}.${minor}`;
}
