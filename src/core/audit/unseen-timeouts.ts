/** What of timeouts and failed logins leaves no line in a host's log, and what to set so that they do. Pure. */
import type { Facts } from "../../model/facts/facts.ts";
import type { LadderCell } from "../../model/verdict/finding.ts";
import { effectiveValue } from "../sshd/effective.ts";

export interface UnseenTimeout {
  readonly mechanism: string;
  /** For people: what is not seen, and what to do. */
  readonly why: string;
}

/** What stands for a mechanism where failed logins themselves cannot be seen. */
export const FAILED_LOGINS = "failed logins";

/** From the least to the most that sshd says (LogLevel in sshd_config(5)). */
const LEVELS = ["quiet", "fatal", "error", "info", "verbose", "debug", "debug1", "debug2", "debug3"];

/** Mechanisms of the ladder, each once; first the failed logins themselves, where those are not logged. */
export function unseenTimeouts({ sshd }: Facts, ladder: readonly LadderCell[]): UnseenTimeout[] {
  const classes = sshd.classes.state === "known" ? sshd.classes.value.map(({ effective }) => effective) : [];
  const level = lowestLevel(
    [sshd.effective, ...classes].flatMap((each) => (each.state === "known" ? [each.value] : [])),
  );
  const used = new Set(
    ladder.flatMap(({ expect, configured, effective, demonstrated }) =>
      expect === "kept"
        ? []
        : [configured, effective, demonstrated].flatMap((rung) => (rung === null ? [] : [rung.by])),
    ),
  );
  const deaf = LEVELS.indexOf(level) < LEVELS.indexOf("info");
  const logins = `LogLevel ${level.toUpperCase()} is in force for some accounts, so failed logins on them cannot be seen; set LogLevel INFO or VERBOSE in sshd_config`;
  const rest = [...used].toSorted().flatMap((mechanism) => {
    const why = unseen(mechanism, level);
    return why === undefined ? [] : [{ mechanism, why }];
  });
  return deaf ? [{ mechanism: FAILED_LOGINS, why: logins }, ...rest] : rest;
}

function unseen(mechanism: string, level: string): string | undefined {
  if (mechanism === "TMOUT") {
    return "a session that TMOUT ends looks like a logout in the log, so these timeouts cannot be seen; have the watchdog or ChannelTimeout end idle shells instead (controls without shell-timeout)";
  }
  const needed = NEEDED[mechanism];
  if (needed === undefined || LEVELS.indexOf(level) >= LEVELS.indexOf(needed)) return undefined;
  return `sshd logs timeouts by ${mechanism} at LogLevel ${needed.toUpperCase()}, and ${level.toUpperCase()} is in force, so they cannot be seen; set LogLevel ${needed.toUpperCase()} in sshd_config`;
}

/** Measured on 8.4, 9.2, 10.0 and 10.6. */
const NEEDED: Readonly<Record<string, string>> = {
  ClientAlive: "info",
  UnusedConnectionTimeout: "info",
  ChannelTimeout: "verbose",
};

/** Of everybody's: LogLevel may stand in a Match block. A level that is not known is none. */
function lowestLevel(answers: readonly (readonly string[])[]): string {
  const levels = answers.map((lines) => (effectiveValue(lines, "loglevel") ?? "quiet").toLowerCase());
  return levels.reduce((low, level) => (LEVELS.indexOf(level) < LEVELS.indexOf(low) ? level : low), "debug3");
}
