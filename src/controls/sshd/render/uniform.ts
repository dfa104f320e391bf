/** One ClientAlive for everybody, where a baseline calls differing values a finding of their own. */
import { strictest } from "../../../core/policy/host-limits.ts";
import { exempts } from "../../../core/policy/present-people.ts";
import { keepsClientAlive } from "./baseline.ts";
import { formatDuration } from "../../../model/terms/duration.ts";
import type { Finding } from "../../../model/verdict/finding.ts";
import type { HostLimits } from "../../../model/policy/limits.ts";

/** The limits with the strictest unresponsive limit of all in every role, under such a baseline. */
export function uniformLimits(limits: HostLimits): HostLimits {
  if (limits.baseline?.uniform !== true) return limits;
  const unresponsive = [limits.defaults, ...limits.roles]
    .map((role) => role.unresponsive)
    .reduce(strictest, null);
  return {
    ...limits,
    defaults: { ...limits.defaults, unresponsive },
    roles: limits.roles.map((role) => Object.assign({}, role, { unresponsive })),
  };
}

/** What follows for people: who has less time than their own limit gives them, and who is exempt in part only. */
export function baselineFindings(given: HostLimits, uniform: HostLimits): Finding[] {
  if (given.baseline === undefined || !keepsClientAlive(given.baseline)) return [];
  return [...lessTime(given, uniform, given.baseline.id), ...exemptInPart(given, given.baseline.id)];
}

function exemptInPart({ exemptions }: HostLimits, id: string): Finding[] {
  return exemptions
    .filter((active) => exempts(active, "sshd"))
    .map(({ exemption }) => ({
      check: "version-ability",
      subject: `ClientAlive for ${exemption.name}`,
      control: "sshd",
      role: "*",
      expected: "exempt people have no limit from sshd",
      actual: `a client of theirs that stopped answering is still dropped: ${id} wants ClientAlive for everybody`,
      source: id,
      evidence: "configured",
      outcome: "pass",
    }));
}

function lessTime(given: HostLimits, uniform: HostLimits, id: string): Finding[] {
  const { unresponsive } = uniform.defaults;
  if (given === uniform || unresponsive === null) return [];
  return [given.defaults, ...given.roles]
    .filter((role) => role.unresponsive !== unresponsive)
    .map(({ role, unresponsive: own }) => ({
      check: "version-ability",
      subject: "one ClientAlive",
      control: "sshd",
      role,
      expected: `a client that stopped answering is dropped${own === null ? "" : ` within ${formatDuration(own)}`}`,
      actual: `after ${formatDuration(unresponsive)}: ${id} wants one value in all of sshd's files, so everybody has the strictest`,
      source: id,
      evidence: "configured",
      outcome: "pass",
    }));
}
