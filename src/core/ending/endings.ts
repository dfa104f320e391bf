/** What all controls together would end one account's sessions by. Pure. */
import type { Control } from "../../model/control/control.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import type { Endings } from "../../model/control/ending.ts";
import type { Facts, UserClass } from "../../model/facts/facts.ts";
import type { HostPlan } from "../../model/change/plan.ts";
import type { SessionKind } from "../../model/terms/session-kind.ts";

/** The parts of a plan that tell what is on a host already. */
export interface PlannedHost extends Pick<HostPlan, "changes" | "coverage" | "uncaught" | "expectations"> {
  /** For a host without a policy: files that are there were written for another one. */
  readonly unplanned?: true;
}

/** Every mechanism that is set for the accounts of a class, for one kind of session; `role` as the plan names it. */
export function endingsFor(
  facts: Facts,
  account: UserClass,
  role: string,
  kind: SessionKind,
  plan: PlannedHost,
  controls: readonly Control[],
): Endings {
  const placed = placedCoverage(plan, role, kind);
  const question = { facts, account, kind, ...(plan.unplanned && { unplanned: plan.unplanned }) };
  const all = controls.map((control) => {
    const found = control.endings({ ...question, placed: placed.get(control.id) });
    const denied = control.cannot?.(account, kind);
    if (denied === undefined) return found;
    return { ...found, endings: found.endings.map((ending) => Object.assign({}, ending, { denied })) };
  });
  return {
    endings: all.flatMap(({ endings }) => endings),
    unread: all.flatMap(({ unread }) => unread),
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
