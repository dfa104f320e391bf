import type { ControlId } from "../../model/control-id.ts";
import type { Policy } from "../../model/policy.ts";
import type { Profile, RuleSetting } from "../../model/profile.ts";

/** The mechanism that each setting of a rule belongs to. */
const CONTROL_OF: Readonly<Record<RuleSetting, ControlId>> = {
  ClientAliveInterval: "sshd",
  ClientAliveCountMax: "sshd",
  TMOUT: "shell-timeout",
  StopIdleSessionSec: "logind",
};

/**
 * The policy under a baseline: limits that the policy does not name are the baseline's, and the
 * mechanisms its rules are about are selected. The policy's own limits stay as they are: none is
 * looser than the baseline's, as `config/policy.ts` has refused such a file already. Exemptions are
 * the one way out, and they work as always: the people they name get no limit from the mechanisms
 * they name; what a scanner reads in sshd's files for everybody (ClientAlive) stays. Pure.
 */
export function applyProfile(policy: Policy, profile: Profile | null): Policy {
  if (profile === null) return policy;
  const demanded = profile.rules
    .flatMap(({ requires }) => settingsOf(requires))
    .map((each) => CONTROL_OF[each]);
  return {
    ...policy,
    baseline: profile,
    controls: [...new Set([...policy.controls, ...demanded])],
    defaults: { ...profile.limits, ...policy.defaults },
  };
}

function settingsOf(requires: Profile["rules"][number]["requires"]): RuleSetting[] {
  return (Object.keys(requires) as RuleSetting[]).filter((each) => requires[each] !== undefined);
}
