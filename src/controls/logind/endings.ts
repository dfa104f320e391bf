/** What logind ends: every session with a terminal that it knows of, after one limit for the whole host. Pure. */
import { daemonFinding } from "../../core/ending/daemon-current.ts";
import { otherTerminal } from "../../core/sshd/other-session.ts";
import type { EndingQuestion, Endings } from "../../model/control/ending.ts";
import { LOGIND_FILE } from "../../model/inventory/host-paths.ts";
import { WITH_TERMINAL } from "../../model/terms/session-kind.ts";
import { stopSeconds } from "./ability.ts";
import { otherLogind, unseenByLogind } from "./use-pam.ts";

/** As the running logind says it; what only a file says is denied by it. */
export function logindEndings({ facts, account, kind, placed }: EndingQuestion): Endings {
  const { logind } = facts;
  if (!WITH_TERMINAL.includes(kind) || logind.state === "absent") return NOTHING;
  if (logind.state === "unreadable") {
    return placed === undefined ? NOTHING : { endings: [], unread: [`logind: ${logind.reason}`] };
  }
  const { idleStop, utmp } = logind.value;
  const seconds = stopSeconds(logind.value);
  const source = placed === undefined ? "StopIdleSessionSec" : LOGIND_FILE;
  const base = { control: "logind", by: "logind", grace: 0, source } as const;
  if (utmp === "unknown" && seconds > 0) {
    return { endings: [], unread: ["whether logind is built with utmp"] };
  }
  if (seconds > 0 && utmp === "yes") {
    const unseen = unseenByLogind(facts, account.effective);
    if (unseen !== undefined) {
      return { endings: [{ ...base, seconds, confirmed: undefined, denied: unseen }], unread: [] };
    }
    const confirmed = `StopIdleSessionUSec ${seconds} s`;
    const stale = daemonFinding(facts);
    const doubt =
      stale.outcome === "fail"
        ? `whether UsePAM holds: ${stale.actual}`
        : (otherTerminal(account, facts) ?? otherLogind(facts));
    return {
      endings: [{ ...base, seconds, confirmed, ...(doubt === undefined ? {} : { doubt }) }],
      unread: [],
    };
  }
  if (placed === undefined) return NOTHING;
  const denied = `logind itself says ${idleStop}: it has not read ${LOGIND_FILE}`;
  return { endings: [{ ...base, seconds: placed, confirmed: undefined, denied }], unread: [] };
}

const NOTHING: Endings = { endings: [], unread: [] };
