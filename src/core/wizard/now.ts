/** What limits idle sessions on a host before curfew, and what that really comes to. Pure. */
import type { Facts, OpenSshVersion } from "../../model/facts.ts";
import { effectiveValue } from "../sshd/effective.ts";
import { foreignSettings } from "../shell/foreign-timeout.ts";
import { inertLines } from "../ending/inert-lines.ts";
import { can } from "../sshd/openssh-version.ts";
import { parseSshdTime } from "../sshd/time.ts";
import { sshdDirectives } from "../sshd/directives.ts";

/** One setting in force and its effect. */
export interface InForce {
  /** As it stands there. */
  readonly setting: string;
  readonly source: string;
  /** For people, without a full stop. */
  readonly effect: string;
  /** `ends`: idle sessions end; `partly`: some do; `nothing`: it does not do what it seems to. */
  readonly verdict: "ends" | "partly" | "nothing";
}

/** Empty where nothing limits idle sessions. Sources of the rules: CAPABILITIES and sshd_config(5). */
export function inForce(facts: Facts): InForce[] {
  const { server, sshd } = facts;
  if (server.product !== "openssh") return [];
  const lines = sshd.effective.state === "known" ? sshd.effective.value : [];
  const inert = inertLines(facts).map(({ text, source, why }): InForce => ({
    setting: text,
    source,
    effect: `on this version this ends nothing: ${why}`,
    verdict: "nothing",
  }));
  const dead = new Set(inert.map(({ source }) => source));
  return [
    ...inert,
    ...clientAlive(lines, server.version),
    ...channelTimeout(facts).filter(({ source }) => !dead.has(source)),
    ...unusedConnection(lines),
    ...logind(facts),
    ...foreignSettings(facts).map(({ file, line, text }) => ({
      setting: text,
      source: `${file}:${line}`,
      effect: "ends a shell at its prompt, but no program in it; a user may start a shell without it",
      verdict: "partly" as const,
    })),
  ];
}

function clientAlive(lines: readonly string[], version: OpenSshVersion): InForce[] {
  const interval = Number(effectiveValue(lines, "clientaliveinterval") ?? 0);
  const count = Number(effectiveValue(lines, "clientalivecountmax") ?? 3);
  if (!(interval > 0)) return [];
  const setting = `ClientAliveInterval ${interval}, ClientAliveCountMax ${count}`;
  const head = { setting, source: "sshd -T" };
  if (count > 0) {
    const twice = can(version, "client-alive-takes-twice") ? 2 : 1;
    const within = interval * (count + 1) * twice;
    const effect = `ends a client that stopped answering after about ${within} s; one that answers stays for ever`;
    return [{ ...head, effect, verdict: "partly" }];
  }
  if (!can(version, "client-alive-zero-drops")) return [];
  return [
    { ...head, effect: `ends a session after ${interval} s without data from its client`, verdict: "ends" },
  ];
}

/** From the files, as 9.2 does not print it. */
function channelTimeout(facts: Facts): InForce[] {
  return sshdDirectives(facts)
    .filter(({ keyword }) => keyword === "channeltimeout")
    .flatMap(({ args, file, line }) => args.flatMap((entry) => channelEntry(entry, `${file}:${line}`)));
}

function channelEntry(entry: string, source: string): InForce[] {
  const [type = "", time = ""] = entry.split("=");
  const seconds = parseSshdTime(time);
  if (seconds === undefined || seconds === 0) return [];
  const sessions = type.startsWith("session") || type === "*";
  const effect = sessions
    ? `ends sessions after ${seconds} s without data; output counts as data`
    : "ends such channels only, no session";
  return [{ setting: `ChannelTimeout ${entry}`, source, effect, verdict: sessions ? "ends" : "partly" }];
}

function unusedConnection(lines: readonly string[]): InForce[] {
  const value = effectiveValue(lines, "unusedconnectiontimeout") ?? "none";
  const seconds = parseSshdTime(value);
  if (seconds === undefined || seconds === 0) return [];
  const setting = `UnusedConnectionTimeout ${value}`;
  return [{ setting, source: "sshd -T", effect: "ends connections without a session", verdict: "partly" }];
}

function logind({ logind: state }: Facts): InForce[] {
  const seconds = state.state === "known" ? Number(state.value.idleStop) : 0;
  if (state.state !== "known" || !(seconds > 0) || state.value.utmp === "no") return [];
  const effect = `ends sessions at a terminal after ${seconds} s without input`;
  return [{ setting: `StopIdleSessionSec ${seconds}`, source: "logind", effect, verdict: "ends" }];
}
