import type { Seconds } from "../../model/terms/duration.ts";
import type { Facts, LogindState } from "../../model/facts/facts.ts";
import { knownUnseen } from "./use-pam.ts";

/** Whether StopIdleSessionSec does anything on a host. */
export type LogindAbility =
  | { readonly works: "yes" }
  | { readonly works: "no" | "unknown"; readonly reason: string };

/**
 * systemd knows the key from 252 (its NEWS; Red Hat brought it to the 239 of 8.7), which the
 * running logind says itself. One that was built without utmp, as Debian's from 13, never sees an
 * SSH session's terminal and so never fires (measured on Debian 13 and sid). Without PAM, sshd's sessions
 * never reach any logind.
 */
export function logindAbility(facts: Facts): LogindAbility {
  const { logind } = facts;
  if (logind.state === "absent") return { works: "no", reason: "there is no systemd-logind on this host" };
  if (logind.state === "unreadable") return { works: "unknown", reason: logind.reason };
  const { version, idleStop, utmp } = logind.value;
  if (idleStop === "unsupported") {
    return { works: "no", reason: `systemd ${version} ignores the key; it came with 252` };
  }
  if (utmp === "no") {
    return { works: "no", reason: "logind is built without utmp here and never fires for SSH sessions" };
  }
  const unseen = knownUnseen(facts);
  if (unseen !== undefined) return { works: "no", reason: unseen };
  if (utmp === "unknown")
    return { works: "unknown", reason: "whether logind is built with utmp could not be read" };
  return { works: "yes" };
}

/** StopIdleSessionSec as the running logind says it; 0 where it is off or unknown to it. */
export function stopSeconds({ idleStop }: Pick<LogindState, "idleStop">): Seconds {
  return /^\d+$/u.test(idleStop) ? Number(idleStop) : 0;
}
