/** The timeouts that sshd's files set, and the same files with every timeout multiplied. Pure. */
import { scaleSeconds, withoutListenAddress } from "../../core/probe/scale.ts";
import { sshdTexts } from "../../core/sshd/effective.ts";
import { parseSshdTime } from "../../core/sshd/time.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { ReplacedFile } from "../../model/control/timeout.ts";
import type { SshdMechanism } from "./ending/lines.ts";

/** What a ChannelTimeout entry is about: only some kinds of session have such a channel. */
type Channel = "session" | "forward" | "any";

/** One timeout found in a text. For ClientAlive: one interval. */
interface FoundTimeout {
  readonly by: SshdMechanism;
  /** For ChannelTimeout; undefined for channels that no kind of session has. */
  readonly channel?: Channel;
  readonly real: Seconds;
  readonly scaled: Seconds;
  readonly line: number;
}

export interface ScaledConfig {
  readonly text: string;
  readonly found: readonly FoundTimeout[];
}

/** sshd's files for an instance of a scaled run. */
export function scaledSshd(facts: Facts, factor: number): ReplacedFile[] {
  return sshdTexts(facts).map(({ realPath, text }) => ({
    path: realPath,
    text: Buffer.from(scaleSshdConfig(text, factor).text, "utf8").toString("latin1"),
  }));
}

/**
 * An sshd_config text with ClientAliveInterval, ChannelTimeout and UnusedConnectionTimeout scaled, and
 * without ListenAddress: those lines add up, so a second instance must not read them.
 */
export function scaleSshdConfig(text: string, factor: number): ScaledConfig {
  const found: FoundTimeout[] = [];
  const lines = text.split("\n").map((line, index) => {
    const match = /^([\s\0]*"?)([A-Za-z]+)("?[\s=]+)(.*)$/su.exec(line);
    const [, indent = "", keyword = "", gap = "", value = ""] = match ?? [];
    if (match === null) return line;
    const note = (by: FoundTimeout["by"], real: Seconds, scaled: Seconds, channel?: Channel): void => {
      const about = channel === undefined ? {} : { channel };
      if (real > 0) found.push({ by, real, scaled, line: index + 1, ...about });
    };
    switch (keyword.toLowerCase()) {
      case "clientaliveinterval":
        return `${indent}${keyword}${gap}${scaleTimes(value, /^("?)(\w+)/u, factor, (real, scaled) => note("ClientAlive", real, scaled))}`;
      case "unusedconnectiontimeout":
        return `${indent}${keyword}${gap}${scaleTimes(value, /^("?)(\w+)/u, factor, (real, scaled) => note("UnusedConnectionTimeout", real, scaled))}`;
      case "channeltimeout":
        return `${indent}${keyword}${gap}${scaleChannels(value, factor, note)}`;
      default:
        return line;
    }
  });
  return { text: withoutListenAddress(lines.join("\n")), found };
}

const CHANNELS: readonly { readonly types: RegExp; readonly channel: Channel }[] = [
  { types: /^(?:session|session:.*)=$/u, channel: "session" },
  { types: /^direct-(?:tcpip|\*)=$/u, channel: "forward" },
  { types: /^\*=$/u, channel: "any" },
];

function scaleChannels(
  value: string,
  factor: number,
  note: (by: "ChannelTimeout", real: Seconds, scaled: Seconds, channel: Channel) => void,
): string {
  return value.replaceAll(/(?<![^\s"=])([^\s"=]+=)(\w+)/gu, (all: string, type: string, time: string) => {
    const real = parseSshdTime(time);
    if (real === undefined) return all;
    const scaled = scaleSeconds(real, factor);
    // A bare `session` has no effect before 10.6; as a candidate it does no harm.
    const channel = CHANNELS.find(({ types }) => types.test(type))?.channel;
    if (channel !== undefined) note("ChannelTimeout", real, scaled, channel);
    return `${type}${scaled}`;
  });
}

function scaleTimes(
  value: string,
  pattern: RegExp,
  factor: number,
  note: (real: Seconds, scaled: Seconds) => void,
): string {
  return value.replace(pattern, (all: string, quote: string, time: string) => {
    const real = parseSshdTime(time);
    if (real === undefined) return all;
    const scaled = scaleSeconds(real, factor);
    note(real, scaled);
    return `${quote}${scaled}`;
  });
}
