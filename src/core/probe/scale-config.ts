/**
 * The timeouts that a host's files set, and the same files with every timeout multiplied. Pure.
 * Values are rounded up, never down: a session that ends in time although its timeout was made a
 * little too long would really end in time as well.
 */
import type { Seconds } from "../../model/duration.ts";
import { parseSshdTime } from "../sshd/time.ts";
import { TMOUT_VALUE } from "../shell/tmout-values.ts";
import { MINUTES_SCRIPT } from "../../model/host-paths.ts";
import type { ConfiguredTimeout, Mechanism } from "../../model/timeout.ts";

/** One timeout found in a file. */
interface FoundTimeout {
  readonly by: Extract<Mechanism, "TMOUT" | "ChannelTimeout" | "UnusedConnectionTimeout" | "ClientAlive">;
  /** For ChannelTimeout. */
  readonly channel?: ConfiguredTimeout["channel"];
  /** For ClientAlive: one interval. For autologout: whole minutes, as seconds. */
  readonly real: Seconds;
  readonly scaled: Seconds;
  readonly line: number;
}

export interface ScaledText {
  readonly text: string;
  readonly found: readonly FoundTimeout[];
  /** Lines (1-based) whose timeout cannot be scaled, and why. */
  readonly problems: readonly { readonly line: number; readonly reason: string; readonly csh: boolean }[];
}

/** Multiplies a timeout; 0 and less stay what they are: off. */
export function scaleSeconds(seconds: Seconds, factor: number): Seconds {
  if (seconds <= 0) return seconds;
  // Rounding errors of the factor must not add a second: 900 x (10 / 900) is 10.
  return Math.max(1, Math.ceil(seconds * factor - 1e-9));
}

/**
 * An sshd_config text with ClientAliveInterval, ChannelTimeout and UnusedConnectionTimeout scaled, and
 * without ListenAddress: those lines add up, so a second instance must not read them.
 */
export function scaleSshdConfig(text: string, factor: number): ScaledText {
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
  return { text: withoutListenAddress(lines.join("\n")), found, problems: [] };
}

/** The text with its ListenAddress lines commented out; the same text where there are none. */
export function withoutListenAddress(text: string): string {
  const lines = text.split("\n");
  return lines.map((line) => (LISTEN_ADDRESS.test(line) ? `#${line}` : line)).join("\n");
}

// sshd skips a quote in front of a keyword, and ends the keyword at a blank, an equals sign or a quote.
const LISTEN_ADDRESS = /^[\s\0]*"?ListenAddress(?![A-Za-z0-9])/iu;

/**
 * A shell's or pam_env's file with every number that TMOUT is set to scaled. `autologout` counts whole
 * minutes, and a computed TMOUT could be anything: both are problems. `path` as configured.
 */
export function scaleShellFile(path: string, text: string, factor: number): ScaledText {
  const autologout = path === MINUTES_SCRIPT ? /\becho (\d+)/gu : /\bautologout\s*=\s*["']?(\d+)/gu;
  const found: FoundTimeout[] = [];
  const problems: ScaledText["problems"][number][] = [];
  const lines = text.split("\n").map((line, index) => {
    if (/^\s*#/u.test(line)) return line;
    const at = { line: index + 1 };
    for (const [, minutes] of line.matchAll(autologout)) {
      const real = Number(minutes) * 60;
      if (real > 0) found.push({ by: "TMOUT", real, scaled: real, ...at });
      problems.push({ ...at, reason: "autologout counts whole minutes", csh: true });
    }
    return line.replaceAll(TMOUT_VALUE, (all: string, before: string, quote: string, value: string) => {
      if (/^\d+$/u.test(value)) {
        const real = Number(value);
        const scaled = scaleSeconds(real, factor);
        if (real > 0) found.push({ by: "TMOUT", real, scaled, ...at });
        return `${before}${quote}${scaled}`;
      }
      if (value !== "") problems.push({ ...at, reason: "TMOUT is computed", csh: false });
      return all;
    });
  });
  return { text: lines.join("\n"), found, problems };
}

type Channel = NonNullable<ConfiguredTimeout["channel"]>;

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
