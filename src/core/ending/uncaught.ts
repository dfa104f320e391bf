import type { Coverage, Uncaught } from "../../model/verdict/finding.ts";
import type { HostLimits, RoleLimits } from "../../model/policy/limits.ts";
import { SSH_KINDS, type SessionKind } from "../../model/terms/session-kind.ts";

/**
 * Every kind of SSH session that should end for a role and that nothing selected ends on this host,
 * with the reason and what would. A frozen client should end where either limit is set, every
 * other kind where the role has an idle limit; `typing` never should. Pure.
 */
export function uncaughtKinds(limits: HostLimits, coverage: readonly Coverage[]): Uncaught[] {
  return [...limits.roles, limits.defaults].flatMap((limit) =>
    SSH_KINDS.filter(
      (kind) =>
        shouldEnd(kind, limit) && !coverage.some((each) => each.role === limit.role && each.kind === kind),
    ).map((kind) => ({ role: limit.role, kind, reason: REASONS[kind] })),
  );
}

function shouldEnd(kind: SessionKind, { idle, unresponsive }: RoleLimits): boolean {
  if (kind === "typing") return false;
  return idle !== null || (kind === "frozen-client" && unresponsive !== null);
}

/** Why a session of this kind outlives its limit where nothing ends it, and what would end it. */
export function whatWouldEnd(kind: SessionKind): string {
  return REASONS[kind];
}

const CHANNEL_TIMEOUT = "ChannelTimeout in OpenSSH 9.2 and later would, per role from 10.5";
const WATCHDOG = "the watchdog would (controls: watchdog)";
const EITHER =
  "the watchdog would (controls: watchdog), and ChannelTimeout in OpenSSH 9.2 and later, per role from 10.5";

const REASONS: Readonly<Record<SessionKind, string>> = {
  "idle-shell":
    "no shell here has an idle timeout and sshd does not count; TMOUT, ChannelTimeout or the watchdog would",
  "frozen-client": "nothing asks whether the client is still there; unresponsive_timeout would",
  "nested-shell": `each shell within another begins the limit anew, and its words begin that of ChannelTimeout anew; ${WATCHDOG}`,
  "escaped-shell": `a shell started without the system's files has no TMOUT; ${EITHER}`,
  "foreground-program": `a shell does not count while a program runs; ${EITHER}`,
  "output-loop": `output counts as activity for sshd, and a program is running for the shell; ${WATCHDOG}`,
  tmux: `the status line counts as activity for sshd, and tmux is a program for the shell; ${WATCHDOG}`,
  "idle-command": `a command without a terminal has neither a shell prompt nor a terminal; ${CHANNEL_TIMEOUT}`,
  "idle-sftp": `sftp has neither a shell prompt nor a terminal; ${CHANNEL_TIMEOUT}`,
  "unused-connection":
    "nothing ends a connection without a session; UnusedConnectionTimeout in OpenSSH 9.2 and later would",
  "idle-forward":
    "an open forward counts as a channel in use; ChannelTimeout direct-tcpip would, which curfew does not set",
  "idle-database":
    "no control that ends idle sessions with this database is selected or can work here (controls: postgresql, mariadb)",
  "idle-console":
    "nothing logs out an idle page of the web console; IdleTimeout of cockpit would (controls: cockpit)",
  typing: "it must be kept",
};
