/** What has to happen on a host for changed files to take effect, as controls bring it. Pure. */
import type { Control, HostActivation } from "../../model/control/control.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Activation } from "../../model/change/plan.ts";

/** The names of those that are wanted, in the order of the controls, each once. */
export function activationsOf(
  controls: readonly Control[],
  isWanted: (activation: HostActivation, control: Control) => boolean,
): Activation[] {
  const wanted = controls.filter(
    (control) => control.activation !== undefined && isWanted(control.activation, control),
  );
  return [...new Set(wanted.flatMap(({ activation }) => activation?.name ?? []))];
}

/**
 * What is behind these names. Errors: CurfewError `input` for a name that no control has: a plan made by another
 * version of curfew, or by hand.
 */
export function hostActivations(
  names: readonly Activation[],
  controls: readonly Control[],
): readonly HostActivation[] {
  const known = controls.flatMap(({ activation }) => activation ?? []);
  return names.map((name) => {
    const found = known.find((activation) => activation.name === name);
    if (found !== undefined) return found;
    throw new CurfewError("input", `the plan asks for ${name}, which no mechanism of this curfew has`, {
      hint: "plan again with this version",
    });
  });
}
