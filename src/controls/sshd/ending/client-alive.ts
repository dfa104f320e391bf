/** ClientAliveInterval and ClientAliveCountMax: the one place that knows what they do on which release. */
import { effectiveValue } from "../../../core/sshd/effective.ts";
import { can } from "../../../core/sshd/openssh-version.ts";
import type { Seconds } from "../../../model/terms/duration.ts";
import type { OpenSshVersion } from "../../../model/facts/facts.ts";

/** The two values, and when they drop a client. */
export interface ClientAlive {
  readonly interval: Seconds;
  readonly countMax: number;
  /** Seconds after the client's last answer, at the latest. */
  readonly within: Seconds;
}

/** What the two do on one release. */
export interface AliveEffect extends ClientAlive {
  /** Whom they end: a client that stopped answering, or any that sends no data, whatever it answers; or nothing. */
  readonly ends: "unanswering" | "silent" | "nothing";
  /** How many times Interval x (CountMax + 1) the release takes; `within` counts it already. */
  readonly stretch: number;
}

/** sshd_config(5) ClientAliveCountMax, where nothing sets it. */
const DEFAULT_COUNT = 3;

/** The two as sshd says them in lower-case `keyword value` lines; undefined where ClientAlive is off. */
export function aliveEffect(
  version: OpenSshVersion | null,
  lines: readonly string[],
): AliveEffect | undefined {
  const interval = Number(effectiveValue(lines, "clientaliveinterval") ?? 0);
  const countMax = Number(effectiveValue(lines, "clientalivecountmax") ?? DEFAULT_COUNT);
  return interval > 0 ? effectOf(version, interval, countMax) : undefined;
}

/**
 * sshd drops after Interval x (CountMax + 1), since it tests `>` (serverloop.c); 9.2 to 9.4 were measured to take
 * twice as long. A count of 0 drops after one interval without data before 8.2, and never from then on; there and
 * where the release is not known it ends nothing.
 */
function effectOf(version: OpenSshVersion | null, interval: Seconds, countMax: number): AliveEffect {
  const zeroDrops = version !== null && can(version, "client-alive-zero-drops");
  const twice = countMax > 0 && version !== null && can(version, "client-alive-takes-twice");
  const stretch = twice ? 2 : 1;
  const ends = countMax > 0 ? "unanswering" : zeroDrops ? "silent" : "nothing";
  return { interval, countMax, within: interval * (countMax + 1) * stretch, ends, stretch };
}

/** The shape of the two that a baseline leaves. */
export interface AliveShape {
  readonly countMax: number;
  /** The longest interval. */
  readonly longest: Seconds;
}

/** CountMax is 1 because 0 disables the drop from 8.2. */
export const PLAIN_SHAPE: AliveShape = { countMax: 1, longest: Infinity };

/**
 * The values that end a session at most `limit` seconds after the client stopped answering, in the shape that a
 * baseline's scanners want where whole seconds allow it. A limit too short even for the shortest gives that, with
 * `within` above `limit`: the caller has to say so.
 */
export function clientAlive(
  version: OpenSshVersion,
  limit: Seconds,
  { countMax, longest }: AliveShape = PLAIN_SHAPE,
): ClientAlive {
  const shortest = effectOf(version, 1, countMax);
  if (shortest.within > limit && countMax > PLAIN_SHAPE.countMax) return clientAlive(version, limit);
  const interval = Math.max(1, Math.min(longest, Math.floor(limit / shortest.within)));
  return { interval, countMax, within: interval * shortest.within };
}

/**
 * Below 8.2 a CountMax of 0 drops after exactly Interval without data from the client, whether it
 * answers or not: the idle timeout of those releases.
 */
export function clientSilence(limit: Seconds): ClientAlive {
  return { interval: limit, countMax: 0, within: limit };
}
