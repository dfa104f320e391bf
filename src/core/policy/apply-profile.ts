import type { Control } from "../../model/control.ts";
import type { Policy } from "../../model/policy.ts";
import type { Profile } from "../../model/profile.ts";

/**
 * The policy under a baseline: limits that the policy does not name are the baseline's, and the
 * mechanisms its rules are about are selected. The policy's own limits stay as they are: none is
 * looser than the baseline's, as `config/policy.ts` has refused such a file already. Exemptions are
 * the one way out, and they work as always: the people they name get no limit from the mechanisms
 * they name; what a scanner reads in sshd's files for everybody (ClientAlive) stays. Pure.
 */
export function applyProfile(
  policy: Policy,
  profile: Profile | null,
  controls: readonly Pick<Control, "id" | "settings">[],
): Policy {
  if (profile === null) return policy;
  const settings = profile.rules.flatMap(({ requires }) => Object.keys(requires));
  const demanded = settings.flatMap((setting) =>
    controls.filter(({ settings: own = [] }) => own.some(({ name }) => name === setting)).map(({ id }) => id),
  );
  return {
    ...policy,
    baseline: profile,
    controls: [...new Set([...policy.controls, ...demanded])],
    defaults: { ...profile.limits, ...policy.defaults },
  };
}
