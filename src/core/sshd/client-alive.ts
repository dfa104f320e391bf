import type { OpenSshVersion } from "../../model/facts.ts";
import type { Seconds } from "../../model/duration.ts";
import { can } from "./openssh-version.ts";

/** ClientAliveInterval and ClientAliveCountMax, and when they drop a client that stopped answering. */
export interface ClientAlive {
  readonly interval: Seconds;
  readonly countMax: number;
  /** Seconds after the client's last answer, at the latest. */
  readonly within: Seconds;
}

/**
 * The values that end a session at most `limit` seconds after the client stopped answering.
 * sshd drops after Interval × (CountMax + 1), since it tests `>` (serverloop.c); CountMax is 1
 * because 0 disables the drop from 8.2. 9.2 to 9.4 were measured to take twice as long, so the
 * interval is halved there. A limit too short for whole seconds gives the shortest there is,
 * with `within` above `limit`: the caller has to say so.
 */
export function clientAlive(version: OpenSshVersion, limit: Seconds): ClientAlive {
  const countMax = 1;
  const slow = can(version, "client-alive-takes-twice") ? 2 : 1;
  const factor = (countMax + 1) * slow;
  const interval = Math.max(1, Math.floor(limit / factor));
  return { interval, countMax, within: interval * factor };
}

/**
 * Below 8.2 a CountMax of 0 drops after exactly Interval without data from the client, whether it
 * answers or not: the idle timeout of those releases.
 */
export function clientSilence(limit: Seconds): ClientAlive {
  return { interval: limit, countMax: 0, within: limit };
}
