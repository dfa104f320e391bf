/** What the shadow instance's configuration says about an account, before anybody logs in. Pure. */
import type { Facts, OpenSshVersion } from "../../model/facts.ts";
import type { ConfiguredTimeout } from "../../model/timeout.ts";
import { effectiveValue } from "../sshd/effective.ts";
import { can } from "../sshd/openssh-version.ts";
import { scaleSshdConfig } from "./scale-config.ts";
import type { PlannedProbe } from "./plan.ts";
import { hasTerminal, type ProbedKind } from "../../model/session-kind.ts";
import { whatWouldEnd } from "../ending/uncaught.ts";

/** Keywords that decide when an idle session ends. */
const TIMES = [
  "clientaliveinterval",
  "clientalivecountmax",
  "channeltimeout",
  "unusedconnectiontimeout",
] as const;

/**
 * Why a session of this account in the shadow instance could not begin, or would not show what a real
 * one does; undefined where it will. A Match block of the host beats the instance's own options, so
 * what it sets has to be looked at.
 *
 * @param shadow `sshd -T -C` of the instance for the account, coming from 127.0.0.1.
 * @param real The same of the host's own configuration for a login from outside; undefined where unknown.
 */
export function shadowObstacle(
  user: string,
  shadow: readonly string[],
  real: readonly string[] | undefined,
  factor: number,
  session: ProbedKind = "idle-shell",
): string | undefined {
  const value = (keyword: string): string => effectiveValue(shadow, keyword) ?? "";
  if (value("pubkeyauthentication") === "") return `sshd does not say what holds for ${user}`;
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
  if (value("permittty") === "no" && hasTerminal(session)) return `${user} gets no terminal (PermitTTY no)`;
  const command = value("forcecommand");
  if (!["", "none"].includes(command) && !canBeForced(session, command)) {
    return `${user} gets no shell (ForceCommand ${command})`;
  }
  const differs =
    real === undefined ? undefined : TIMES.find((keyword) => differ(keyword, shadow, real, factor));
  return differs === undefined
    ? undefined
    : `a Match block treats logins of ${user} from 127.0.0.1 and from outside differently (${differs})`;
}

/** Whether a session of this kind is what it should be although sshd runs `command` whatever is asked for. */
function canBeForced(session: ProbedKind, command: string): boolean {
  if (session === "idle-sftp") return /^internal-sftp(?:\s|$)/u.test(command);
  return session === "unused-connection" || session === "idle-forward";
}

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
    return [`ClientAliveCountMax 0 disables ClientAliveInterval ${interval} on OpenSSH from 8.2 on`];
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
  if (interval === 0) return ["ClientAliveInterval is 0, so nobody asks whether the client answers"];
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

function differ(
  keyword: string,
  shadow: readonly string[],
  real: readonly string[],
  factor: number,
): boolean {
  const line = `${keyword} ${effectiveValue(real, keyword) ?? ""}`;
  const expected = factor === 1 ? line : scaleSshdConfig(line, factor).text;
  return `${keyword} ${effectiveValue(shadow, keyword) ?? ""}` !== expected;
}
