/** What a host's OpenSSH release cannot do for the policy, so that plan and audit say it. */
import { formatDuration, type Seconds } from "../../model/terms/duration.ts";
import type { Facts, OpenSshVersion } from "../../model/facts/facts.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { HostLimits, RoleLimits } from "../../model/policy/limits.ts";
import { clientAlive } from "./ending/client-alive.ts";
import { can, CAPABILITIES } from "../../core/sshd/openssh-version.ts";
import type { Backstop } from "../../core/policy/backstop.ts";
import { presentRoles } from "../../core/policy/present-people.ts";
import type { SshdAbility } from "./render/settings.ts";

/** Findings about the release, for the roles that somebody on the host is in. */
export function versionFindings(
  facts: Facts,
  ability: SshdAbility,
  limits: HostLimits,
  hostWide: Backstop,
): Finding[] {
  const roles = presentRoles(facts, limits);
  const perRole = roles.flatMap((role) => [
    ...idleFindings(ability, role, hostWide),
    ...unresponsiveFindings(ability, role),
  ]);
  return [...perRole, ...hostFindings(ability, roles, hostWide)];
}

/** Below 7.4 nothing can be set per role, so nothing is set. */
export function tooOld(version: OpenSshVersion): Finding {
  return {
    ...blank("sshd", "*", CAPABILITIES["client-alive-in-match"].source),
    expected: "limits per role in sshd",
    actual: `${nameOf(version)} takes no ClientAlive settings in Match; sshd is left as it is`,
    outcome: "fail",
  };
}

function idleFindings(ability: SshdAbility, { role, idle }: RoleLimits, hostWide: Backstop): Finding[] {
  if (idle === null) return [];
  const expected = `sshd ends idle sessions after ${formatDuration(idle)}`;
  const { version, idle: mechanism } = ability;
  if (mechanism === "none") {
    const why = can(version, "client-alive-zero-drops")
      ? "can end idle sessions only with ClientAliveCountMax 0, which the profile does not allow"
      : "has no idle timeout";
    const actual = `${nameOf(version)} ${why}: ClientAlive only notices a client that stopped answering`;
    const source = `sshd_config(5) ChannelTimeout; ${CAPABILITIES["channel-timeout"].source}`;
    return [{ ...blank("idle sessions", role, source), expected, actual, outcome: "fail" }];
  }
  if (mechanism === "host-wide" && hostWide.state === "limit" && hostWide.limit > idle) {
    const actual = `${nameOf(version)} knows one ChannelTimeout for the whole host: ${formatDuration(hostWide.limit)}`;
    const source = CAPABILITIES["channel-timeout-in-match"].source;
    return [{ ...blank("idle sessions", role, source), expected, actual, outcome: "fail" }];
  }
  return [];
}

function unresponsiveFindings(
  { version, idle: mechanism, shape }: SshdAbility,
  { role, idle, unresponsive }: RoleLimits,
): Finding[] {
  if (unresponsive === null) return [];
  const expected = `sshd drops a client ${formatDuration(unresponsive)} after it stopped answering`;
  if (mechanism === "client-silence" && idle !== null) {
    if (unresponsive >= idle) return [];
    const actual = `after ${formatDuration(idle)}: on ${nameOf(version)} ClientAlive can only carry the idle limit`;
    const source = CAPABILITIES["client-alive-zero-drops"].source;
    return [{ ...blank("unresponsive clients", role, source), expected, actual, outcome: "fail" }];
  }
  const { within } = clientAlive(version, unresponsive, shape);
  if (within > unresponsive) {
    const actual = `after ${formatDuration(within)}, the shortest that ${nameOf(version)} can do`;
    return [
      {
        ...blank("unresponsive clients", role, "sshd_config(5) ClientAliveInterval"),
        expected,
        actual,
        outcome: "fail",
      },
    ];
  }
  if (!can(version, "client-alive-one-is-early")) return [];
  const actual = `${nameOf(version)} may drop clients earlier`;
  const source = CAPABILITIES["client-alive-one-is-early"].source;
  return [{ ...blank("unresponsive clients", role, source), expected, actual, outcome: "pass" }];
}

function hostFindings(
  { version, idle: mechanism }: SshdAbility,
  roles: readonly RoleLimits[],
  hostWide: Backstop,
): Finding[] {
  const idle = roles.map((role) => role.idle).filter((limit) => limit !== null);
  if (idle.length === 0 || mechanism === "none") return [];
  if (mechanism === "client-silence") return [silenceNote(Math.min(...idle), version)];
  const left =
    mechanism !== "host-wide" || hostWide.state !== "left-out" ? [] : [backstopLeftOut(version, hostWide)];
  return [...left, unusedNote()];
}

function backstopLeftOut(
  version: OpenSshVersion,
  { reason, outcome }: Backstop & { state: "left-out" },
): Finding {
  return {
    ...blank("ChannelTimeout", "*", CAPABILITIES["channel-timeout-in-match"].source),
    expected: "ChannelTimeout ends idle sessions that escaped their shell's timeout",
    actual: `${nameOf(version)} knows one ChannelTimeout for the whole host, and it is left out: ${reason}`,
    outcome,
  };
}

function silenceNote(limit: Seconds, version: OpenSshVersion): Finding {
  return {
    ...blank("silence", "*", CAPABILITIES["client-alive-zero-drops"].source),
    expected: "sessions end when no key is pressed",
    actual: `${nameOf(version)} counts the client's silence, and whatever it sends ends that: with a ServerAliveInterval below ${formatDuration(limit)}, a program that prints or another session on the same connection the session stays`,
    outcome: "pass",
  };
}

function unusedNote(): Finding {
  return {
    ...blank("unused connections", "*", "sshd_config(5) UnusedConnectionTimeout"),
    expected: "connections without a session end after the idle limit",
    actual:
      "so do those of ssh -N and ssh -R while nothing goes through them: a listening port is not an open channel",
    outcome: "pass",
  };
}

function blank(
  subject: string,
  role: string,
  source: string,
): Pick<Finding, "check" | "subject" | "control" | "role" | "source" | "evidence"> {
  return { check: "version-ability", subject, control: "sshd", role, source, evidence: "configured" };
}

function nameOf({ major, minor }: OpenSshVersion): string {
  return `OpenSSH ${major}.${minor}`;
}
