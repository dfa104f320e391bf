/** Why a session was kept, as far as the configuration tells. Pure. */
import type { Facts, OpenSshVersion } from "../../model/facts.ts";
import type { ConfiguredTimeout } from "../../model/timeout.ts";
import { effectiveValue } from "../sshd/effective.ts";
import { can } from "../sshd/openssh-version.ts";
import type { PlannedProbe } from "./plan.ts";
import type { ProbedKind } from "../../model/session-kind.ts";
import { whatWouldEnd } from "../ending/uncaught.ts";

/** Why a session that had to be dropped may still be there, as far as the configuration tells; or empty. */
export function explainKept(
  probe: PlannedProbe,
  facts: Facts,
  effective: readonly string[],
  configured: readonly ConfiguredTimeout[],
): string {
  const { server } = facts;
  if (server.product !== "openssh") return "";
  const tmout = configured.filter(({ by }) => by === "TMOUT");
  const alive = aliveOf(effective);
  const reasons = countedOff(server.version, alive, probe);
  if (probe.session === "frozen-client")
    return [...reasons, ...whyFrozen(server.version, alive, probe)].join("; ");
  if (!SHELL_KINDS.has(probe.session)) {
    reasons.push(...configured.flatMap((timeout) => whyNot(timeout, probe)));
    reasons.push(
      `nothing on OpenSSH ${versionText(server.version)} ended it: ${whatWouldEnd(probe.session)}`,
    );
    return reasons.join("; ");
  }
  if (alive.interval > 0 && alive.countMax > 0) reasons.push("ClientAlive never drops a client that answers");
  if (!can(server.version, "channel-timeout")) {
    reasons.push(`OpenSSH ${versionText(server.version)} has no idle timeout of its own`);
  } else if (timesSessions(effectiveValue(effective, "channeltimeout") ?? "")) {
    reasons.push(
      "ChannelTimeout is set, but this OpenSSH does not heed it there (Match before 10.5, bare session before 10.6)",
    );
  }
  const shell = probe.shell.split("/").at(-1) ?? "";
  if (/^(?:dash|sh|fish|ash)$/u.test(shell)) reasons.push(`${shell} has no timeout of its own`);
  else if (tmout.length === 0) reasons.push(`nothing sets ${shell.endsWith("csh") ? "autologout" : "TMOUT"}`);
  else if (tmout.every(({ real }) => real > probe.limit)) {
    reasons.push(`the TMOUT that is set is over the limit (${tmout[0]?.real} s in ${tmout[0]?.source})`);
  } else reasons.push(`TMOUT is set, but not for ${probe.user}'s ${shell}`);
  return reasons.join("; ");
}

/** Whether an entry of ChannelTimeout is about sessions. Word by word: an expression over all of it backtracks. */
function timesSessions(value: string): boolean {
  return value.split(/\s+/u).some((entry) => /^session[:=]/u.test(entry) && entry.includes("="));
}

/** ClientAlive as sshd says it; `read` false where it was not asked, or said something else. */
interface Alive {
  readonly read: boolean;
  readonly interval: number;
  readonly countMax: number;
}

function aliveOf(effective: readonly string[]): Alive {
  const interval = effectiveValue(effective, "clientaliveinterval");
  const countMax = Number(effectiveValue(effective, "clientalivecountmax") ?? 0);
  return { read: interval !== undefined, interval: Number(interval ?? 0), countMax };
}

/** A count of 0 that ended nothing. */
function countedOff(version: OpenSshVersion, { interval, countMax }: Alive, probe: PlannedProbe): string[] {
  if (interval === 0 || countMax > 0) return [];
  if (!can(version, "client-alive-zero-drops"))
    return [`ClientAliveCountMax 0 disables ClientAliveInterval ${interval} on OpenSSH 8.2 and newer`];
  if (interval > probe.limit || probe.session === "output-loop") return [];
  return [
    `ClientAliveInterval ${interval} with ClientAliveCountMax 0 did nothing: this build takes a count of 0 for off, as later ones of RHEL 8 do`,
  ];
}

/** Why a client that does not answer was kept. */
function whyFrozen(
  version: OpenSshVersion,
  { read, interval, countMax }: Alive,
  probe: PlannedProbe,
): string[] {
  if (!read) return ["it is not known whether sshd asks the client (ClientAliveInterval could not be read)"];
  if (interval === 0) return ["ClientAliveInterval is 0, so sshd does not ask whether the client answers"];
  if (countMax === 0) return [];
  const seconds = interval * (countMax + 1);
  if (seconds > probe.limit) return [`ClientAlive drops only after ${seconds} s`];
  return can(version, "client-alive-takes-twice")
    ? [`OpenSSH ${versionText(version)} takes about twice ClientAliveInterval x (ClientAliveCountMax + 1)`]
    : [];
}

/** Why a timeout that is set, and could end a session of this kind, did not. */
function whyNot({ by, real, source }: ConfiguredTimeout, { session, limit }: PlannedProbe): string[] {
  if (by === "watchdog") return [`the watchdog of ${source} did not end it`];
  if (by !== "ChannelTimeout" && by !== "UnusedConnectionTimeout") return [];
  if (real > limit) return [`${by} ${real} s (${source}) is over the limit`];
  if (by === "UnusedConnectionTimeout" || session === "output-loop" || session === "tmux") return [];
  return [
    `${by} is set (${source}), but this OpenSSH does not heed it there (Match before 10.5, bare session before 10.6)`,
  ];
}

/** Kinds that the timeouts of a shell are about. */
const SHELL_KINDS: ReadonlySet<ProbedKind> = new Set(["idle-shell", "frozen-client", "typing"]);

function versionText({ major, minor }: OpenSshVersion): string {
  return `${major}.${minor}`;
}
