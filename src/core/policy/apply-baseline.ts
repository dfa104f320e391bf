import type { Control } from "../../model/control.ts";
import type { Policy } from "../../model/policy.ts";
import type { Baseline } from "../../model/baseline.ts";

/**
 * The policy under a baseline: limits that the policy does not name are the baseline's, and the
 * mechanisms its rules are about are selected. The policy's own limits stay as they are: none is
 * looser than the baseline's, as `config/policy.ts` has refused such a file already. Exemptions are
 * the one way out, and they work as always: the people they name get no limit from the mechanisms
 * they name; what a scanner reads in sshd's files for everybody (ClientAlive) stays. Pure.
 */
export function applyBaseline(
  policy: Policy,
  baseline: Baseline | null,
  controls: readonly Pick<Control, "id" | "settings">[],
): Policy {
  if (baseline === null) return policy;
  const settings = baseline.rules.flatMap(({ requires }) => Object.keys(requires));
  const demanded = settings.flatMap((setting) =>
    controls.filter(({ settings: own = [] }) => own.some(({ name }) => name === setting)).map(({ id }) => id),
  );
  return {
    ...policy,
    baseline,
    controls: [...new Set([...policy.controls, ...demanded])],
    defaults: { ...baseline.limits, ...policy.defaults },
  };
}
