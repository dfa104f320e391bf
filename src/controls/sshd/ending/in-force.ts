/** What sshd's settings do on a host before curfew, for people. Pure. */
import { sshdDirectives } from "../../../core/sshd/directives.ts";
import { effectiveValue } from "../../../core/sshd/effective.ts";
import { parseSshdTime } from "../../../core/sshd/time.ts";
import type { InForce } from "../../../model/control/ending.ts";
import type { Facts, OpenSshVersion } from "../../../model/facts/facts.ts";
import { aliveEffect } from "./client-alive.ts";

/** Sources of the rules: CAPABILITIES and sshd_config(5). */
export function sshdInForce(facts: Facts): InForce[] {
  const { server, sshd } = facts;
  if (server.product !== "openssh") return [];
  const lines = sshd.effective.state === "known" ? sshd.effective.value : [];
  return [...clientAlive(lines, server.version), ...channelTimeout(facts), ...unusedConnection(lines)];
}

function clientAlive(lines: readonly string[], version: OpenSshVersion): InForce[] {
  const found = aliveEffect(version, lines);
  if (found === undefined || found.ends === "nothing") return [];
  const { interval, countMax, within } = found;
  const setting = `ClientAliveInterval ${interval}, ClientAliveCountMax ${countMax}`;
  const head = { setting, source: "sshd -T" };
  if (found.ends === "silent") {
    const effect = `ends a session after ${within} s without data from its client`;
    return [{ ...head, effect, verdict: "ends" }];
  }
  const effect = `ends a client that stopped answering after about ${within} s; one that answers stays for ever`;
  return [{ ...head, effect, verdict: "partly" }];
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
