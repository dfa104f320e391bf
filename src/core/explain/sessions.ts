import type { Control } from "../../model/control/control.ts";
import type { ExplainedSession, Explanation } from "../../model/verdict/explanation.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { HostLimits, RoleLimits } from "../../model/policy/limits.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import { isServiceKind, SESSION_KINDS, type SessionKind } from "../../model/terms/session-kind.ts";
import { classOf } from "../policy/selectors.ts";
import { keepsLimit } from "../policy/kind-limit.ts";
import { plannedCoverage } from "../plan/host.ts";
import { uncaughtServices } from "../ending/service-kinds.ts";
import { uncaughtKinds } from "../ending/uncaught.ts";

/** Cannot be a role's name, which has no slash. */
const THEM = "person/explained";

/**
 * What becomes of every kind of idle session of the person on this host, as the selected controls
 * would leave it. The person's limits may come from several roles, so the controls are asked about
 * one more role with exactly these; what an exemption takes away is taken away. `refused`: the host must not be
 * changed, so they leave it as it is. Pure.
 */
export function explainSessions(
  explanation: Explanation,
  facts: Facts,
  limits: HostLimits,
  selected: readonly ControlId[],
  controls: readonly Control[],
  { refused = false }: { readonly refused?: boolean } = {},
): ExplainedSession[] {
  const them = roleOf(explanation, limits);
  const asked = { ...limits, roles: [...limits.roles, them] };
  const exempt = exemptControls(explanation);
  const account = classOf(facts.sshd.classes.state === "known" ? facts.sshd.classes.value : [], explanation);
  const cannot = (id: ControlId, kind: SessionKind): string | undefined =>
    account && controls.find((control) => control.id === id)?.cannot?.(account, kind);
  const reaches = (id: ControlId, kind: SessionKind): boolean =>
    controls.some((control) => control.id === id && control.reachesExempt?.(kind, limits.baseline));
  const planned = refused ? [] : plannedCoverage(facts, asked, selected, controls);
  const only = account === undefined ? undefined : [account];
  // What a service has for everybody is nothing to whom it does not let in.
  const concerned = (id: ControlId): boolean =>
    controls.every(
      (control) =>
        control.id !== id || only === undefined || (control.sessions?.concerns(facts, them, only) ?? true),
    );
  const promised = planned.filter(
    ({ role, control, kind }) =>
      role === THEM && (!exempt.has(control) || reaches(control, kind)) && concerned(control),
  );
  const coverage = promised.filter(({ control, kind }) => cannot(control, kind) === undefined);
  const alone = { ...limits, roles: [], defaults: them };
  const uncaught = [
    ...uncaughtKinds(alone, coverage),
    ...uncaughtServices(alone, coverage, { facts, selected, controls }, only),
  ];
  const held = selected.filter((control) => exempt.has(control));
  const reasonOf = (reason: string): string =>
    held.length === 0 ? reason : `exempt from ${held.join(", ")}`;
  const kinds = SESSION_KINDS.filter(
    (kind) => !isServiceKind(kind) || [...promised, ...uncaught].some((each) => each.kind === kind),
  );
  return kinds.map((kind): ExplainedSession => {
    const endedBy = coverage
      .filter((each) => each.kind === kind)
      .map(({ control, within, limit = within }) => ({ control, within, late: !keepsLimit(within, limit) }))
      .toSorted((left, right) => left.within - right.within);
    const open = uncaught.find((each) => each.kind === kind);
    if (open === undefined) return { kind, endedBy };
    const why = promised.flatMap((each) => (each.kind === kind ? (cannot(each.control, kind) ?? []) : []));
    return { kind, endedBy, uncaught: reasonOf(why[0] ?? open.reason) };
  });
}

function roleOf(
  { user, roles, limits: { idle, unresponsive, warnBefore } }: Explanation,
  limits: HostLimits,
): RoleLimits {
  // A service that knows only people whom the policy names knows them by their roles.
  const own = roles.filter(({ because, applies }) => because.length > 0 && applies === "yes");
  const named = limits.roles.filter(({ role }) => own.some((each) => each.role === role));
  const databaseRoles =
    named.length === 0 ? [] : [user, ...named.flatMap((each) => each.databaseRoles ?? [])];
  return {
    role: THEM,
    databaseRoles,
    users: [],
    groups: [],
    idle: idle.seconds,
    unresponsive: unresponsive.seconds,
    warnBefore: warnBefore.seconds,
  };
}

function exemptControls({ exemptions }: Explanation): ReadonlySet<ControlId> {
  return new Set(exemptions.filter(({ state }) => state === "active").flatMap(({ controls }) => controls));
}
