/** What the files and the daemons of a host say would end one account's sessions. Pure. */
import type { Seconds } from "../../model/duration.ts";
import type { Facts, UserClass } from "../../model/facts.ts";
import { LOGIND_FILE, SHELL_SCRIPT, WATCHDOG_FILES } from "../../model/host-paths.ts";
import type { HostPlan } from "../../model/plan.ts";
import type { ControlId } from "../../model/control-id.ts";
import type { SessionKind } from "../../model/session-kind.ts";
import { effectiveValue } from "../sshd/effective.ts";
import { daemonFinding } from "./daemon-current.ts";
import { WATCHDOG_STOPPED, watchdogInterval } from "./installed-watchdog.ts";
import { hasTerminal } from "../../model/session-kind.ts";
import { doubtfulShell } from "../shell/families.ts";
import { othersTimeout } from "../shell/foreign-timeout.ts";
import { sshdDoubt } from "./sshd-doubt.ts";
import { sshdPledges } from "./sshd-pledges.ts";
import { unseenByLogind } from "../sshd/use-pam.ts";

/** One mechanism that a file sets for an account. */
export interface Pledge {
  readonly control: ControlId;
  readonly by: string;
  /** At the latest, from the last activity. */
  readonly seconds: Seconds;
  /** How much later than its limit it may be by its own rule: the watchdog's interval. */
  readonly grace: Seconds;
  readonly source: string;
  /** In the daemon's own words; undefined where nobody could ask, or there is nobody to ask. */
  readonly confirmed: string | undefined;
  /** Set where the daemon says otherwise: it is in a file and does not hold. */
  readonly denied?: string;
  /** Set where it may not concern the account at all. */
  readonly doubt?: string;
}

export interface Pledges {
  readonly pledges: readonly Pledge[];
  /** What could not be read, so that there may be more. */
  readonly unread: readonly string[];
}

/** The parts of a plan that tell what is on a host already. */
export type PlannedHost = Pick<HostPlan, "changes" | "coverage" | "uncaught" | "expectations">;

/** Every mechanism that is set for the accounts of a class, for one kind of session; `role` as the plan names it. */
export function pledgesFor(
  facts: Facts,
  account: UserClass,
  role: string,
  kind: SessionKind,
  plan: PlannedHost,
): Pledges {
  const placed = placedCoverage(plan, role, kind);
  const sshd = fromSshd(facts, account, kind);
  const logind = fromLogind(facts, account, kind, placed.get("logind"));
  const watchdog = fromWatchdog(facts, placed.get("watchdog"));
  return {
    pledges: [
      ...sshd.pledges,
      ...fromShells(facts, kind, placed.get("shell-timeout")),
      ...logind.pledges,
      ...watchdog.pledges,
    ],
    unread: [...sshd.unread, ...logind.unread, ...watchdog.unread],
  };
}

/** Whether the policy's files of a control are not on the host as they should be. */
export function isPending({ changes }: Pick<HostPlan, "changes">, control: ControlId): boolean {
  return changes.some((change) => change.control === control);
}

/** Controls whose files are as the policy wants them, and when each ends this kind. */
function placedCoverage(plan: PlannedHost, role: string, kind: SessionKind): Map<ControlId, Seconds> {
  const concerned = plan.coverage.filter(
    (each) => each.role === role && each.kind === kind && !isPending(plan, each.control),
  );
  return new Map(concerned.map(({ control, within }) => [control, within]));
}

function fromSshd(facts: Facts, account: UserClass, kind: SessionKind): Pledges {
  const { effective } = account;
  const complete =
    effective.state === "known" && effectiveValue(effective.value, "pubkeyauthentication") !== undefined;
  if (!complete) {
    const why = effective.state === "unreadable" ? `: ${effective.reason}` : "";
    return { pledges: [], unread: [`sshd -T -C for ${account.representative}${why}`] };
  }
  const stale = daemonFinding(facts);
  const pledges = sshdPledges(facts, account, effective.value, kind).map(
    ({ by, seconds, source, confirmed, line }): Pledge => {
      const option = commandLine(facts, by);
      const denied =
        option !== undefined
          ? { denied: `"-o ${option}" on the daemon's command line wins` }
          : stale.outcome === "fail"
            ? { denied: `${stale.actual}; reload it` }
            : {};
      const doubt = sshdDoubt(facts, account, { by, seconds, line });
      const base = { control: "sshd", by, seconds, grace: 0, source, confirmed } as const;
      return Object.assign(base, denied, doubt === undefined ? {} : { doubt });
    },
  );
  return { pledges, unread: [] };
}

/** The daemon's own option beats a global line of every file, and nobody can ask the running daemon. */
function commandLine({ sshd }: Facts, keyword: string): string | undefined {
  return sshd.options.find((option) => option.trim().toLowerCase().startsWith(keyword.toLowerCase()));
}

/** Nobody can ask a shell: TMOUT is never more than configured. */
function fromShells(facts: Facts, kind: SessionKind, placed: Seconds | undefined): Pledge[] {
  if (kind !== "idle-shell") return [];
  const found = placed === undefined ? othersTimeout(facts) : { seconds: placed, source: SHELL_SCRIPT };
  if (found === undefined) return [];
  const without = doubtfulShell(facts);
  const doubt =
    without === undefined
      ? {}
      : { doubt: `TMOUT means nothing to ${without.path}, which somebody here has as login shell` };
  const base = { control: "shell-timeout", by: "TMOUT", grace: 0, confirmed: undefined } as const;
  return [{ ...base, ...found, ...doubt }];
}

function fromLogind(
  facts: Facts,
  { effective }: UserClass,
  kind: SessionKind,
  placed: Seconds | undefined,
): Pledges {
  const { logind } = facts;
  if (!hasTerminal(kind) || kind === "typing" || logind.state === "absent") return NOTHING;
  if (logind.state === "unreadable") {
    return placed === undefined ? NOTHING : { pledges: [], unread: [`logind: ${logind.reason}`] };
  }
  const { idleStop, utmp } = logind.value;
  const seconds = /^\d+$/u.test(idleStop) ? Number(idleStop) : 0;
  const source = placed === undefined ? "StopIdleSessionSec" : LOGIND_FILE;
  const base = { control: "logind", by: "logind", grace: 0, source } as const;
  if (utmp === "unknown" && seconds > 0) {
    return { pledges: [], unread: ["whether logind is built with utmp"] };
  }
  if (seconds > 0 && utmp === "yes") {
    const unseen = unseenByLogind(facts, effective);
    if (unseen !== undefined) {
      return { pledges: [{ ...base, seconds, confirmed: undefined, denied: unseen }], unread: [] };
    }
    const confirmed = `StopIdleSessionUSec ${seconds} s`;
    const stale = daemonFinding(facts);
    const doubt = stale.outcome === "fail" ? { doubt: `whether UsePAM holds: ${stale.actual}` } : {};
    return { pledges: [{ ...base, seconds, confirmed, ...doubt }], unread: [] };
  }
  if (placed === undefined) return NOTHING;
  const denied = `logind itself says ${idleStop}: it has not read ${LOGIND_FILE}`;
  return { pledges: [{ ...base, seconds: placed, confirmed: undefined, denied }], unread: [] };
}

/**
 * Its starter is the daemon that can be asked; with cron, that one runs is all that is known. Nobody starts
 * it where systemd does not have its timer (masked, or its file broken) and no cron reads its entry.
 */
function fromWatchdog(facts: Facts, placed: Seconds | undefined): Pledges {
  const interval = watchdogInterval(facts);
  if (placed === undefined || interval === undefined) return NOTHING;
  const { watchdogTimer: timer, service } = facts;
  if (timer.state === "unreadable") return { pledges: [], unread: [`the watchdog's timer: ${timer.reason}`] };
  const cron = service.state === "known" && service.value.bootHook === "cron";
  const confirmed =
    timer.state === "known" && timer.value
      ? "curfew-watchdog.timer is active"
      : timer.state === "absent" && cron
        ? "cron runs"
        : undefined;
  const { script: source } = WATCHDOG_FILES;
  const base = { control: "watchdog", by: "watchdog", seconds: placed, grace: interval, source } as const;
  const stopped = confirmed === undefined ? { denied: WATCHDOG_STOPPED } : {};
  return { pledges: [{ ...base, confirmed, ...stopped }], unread: [] };
}

const NOTHING: Pledges = { pledges: [], unread: [] };
