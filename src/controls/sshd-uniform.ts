/** One ClientAlive for everybody, where a baseline calls differing values a finding of their own. */
import { strictest } from "../core/limits.ts";
import { formatDuration } from "../model/duration.ts";
import type { Finding } from "../model/finding.ts";
import type { HostLimits } from "../model/limits.ts";

/** The limits with the strictest unresponsive limit of all in every role, under such a baseline. */
export function uniformLimits(limits: HostLimits): HostLimits {
  if (limits.profile?.uniform !== true) return limits;
  const unresponsive = [limits.defaults, ...limits.roles]
    .map((role) => role.unresponsive)
    .reduce(strictest, null);
  return {
    ...limits,
    defaults: { ...limits.defaults, unresponsive },
    roles: limits.roles.map((role) => Object.assign({}, role, { unresponsive })),
  };
}

/** Says whose clients have less time than their own limit gives them. */
export function uniformFindings(given: HostLimits, uniform: HostLimits): Finding[] {
  const { unresponsive } = uniform.defaults;
  const id = uniform.profile?.id;
  if (unresponsive === null || id === undefined) return [];
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
