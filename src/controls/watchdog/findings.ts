/** What the watchdog cannot do on a host, and what it changes for others. */
import { configuredFindings } from "../../core/verdict/configured-finding.ts";
import { formatDuration, type Seconds } from "../../model/terms/duration.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import { can } from "../../core/sshd/openssh-version.ts";
import { presentRoles } from "../../core/policy/present-people.ts";
import { sshdVersion } from "../../core/sshd/openssh-version.ts";
import { idleRoles, SHORTEST, watchdogInterval, type WatchdogStarter } from "./limits.ts";

const finding = configuredFindings("watchdog");

/** Findings for the roles that somebody on the host is in. */
export function watchdogFindings(facts: Facts, limits: HostLimits, starter: WatchdogStarter): Finding[] {
  const starts = starterFinding("watchdog", RUNS, starter, (by) => watchdogInterval(limits, by));
  if (starter.by === "nothing") return [starts];
  const present = new Set(presentRoles(facts, limits).map(({ role }) => role));
  const roles = idleRoles(limits).filter(({ role }) => present.has(role));
  return [
    starts,
    ...roles.flatMap(({ role, idle }) => (idle < SHORTEST ? [tooShort(role, idle)] : [])),
    ...roles.flatMap(({ role, warnBefore }) =>
      warnBefore !== null && restartsChannelTimeout(facts) ? [restarted(role)] : [],
    ),
  ];
}

const RUNS = "a watchdog ends idle sessions with a terminal";

/** Whether anything starts a watchdog here, and how often; `expected` is what it does. */
export function starterFinding(
  control: Finding["control"],
  expected: string,
  starter: WatchdogStarter,
  interval: (by: "systemd" | "cron") => Seconds,
): Finding {
  const say = configuredFindings(control);
  if (starter.by === "nothing")
    return say("mechanism-works", "*", expected, starter.reason, "facts of the host", starter.outcome);
  const by = starter.by === "cron" ? "cron starts it" : "a systemd timer starts it";
  const actual = `${by} every ${formatDuration(interval(starter.by))}; a session may last that much longer`;
  return say("mechanism-works", "*", expected, actual, "watchdog interval", "pass");
}

function tooShort(role: string, idle: number): Finding {
  const expected = `idle sessions end after ${formatDuration(idle)}`;
  const actual = `the watchdog ends them after ${formatDuration(SHORTEST)}: a terminal's access time moves in steps of 8 s`;
  return finding("version-ability", role, expected, actual, "client_idle_timeout", "fail");
}

function restartsChannelTimeout(facts: Facts): boolean {
  const version = sshdVersion(facts);
  return version !== null && can(version, "channel-timeout");
}

/** Output on a channel resets its clock (measured on 9.2 to 10.6). */
function restarted(role: string): Finding {
  const actual =
    "the warning counts as output for ChannelTimeout, which then begins anew; the watchdog ends the session";
  return finding(
    "warning-given",
    role,
    "idle sessions end after their warning",
    actual,
    "warn_before",
    "pass",
  );
}
