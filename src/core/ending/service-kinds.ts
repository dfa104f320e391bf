/** Sessions with services of a host past sshd: which controls judge them, for which roles. Pure. */
import type { Control } from "../../model/control/control.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import type { Facts, UserClass } from "../../model/facts/facts.ts";
import type { Coverage, Uncaught } from "../../model/verdict/finding.ts";
import type { HostLimits, RoleLimits } from "../../model/policy/limits.ts";
import { isServiceKind, SESSION_KINDS, type SessionKind } from "../../model/terms/session-kind.ts";
import { membersByRole } from "./ladder-members.ts";
import { whatWouldEnd } from "./uncaught.ts";

/** What is known of a host and a policy that says who has sessions with its services. */
export interface ServiceQuestion {
  readonly facts: Facts;
  readonly selected: readonly ControlId[];
  readonly controls: readonly Control[];
}

/**
 * The controls that each judge such sessions of a role's people on this host. A policy that selects none of the kind
 * says nothing about it; one that selects one of two databases answers for the other as well.
 */
export function servicesOf(
  kind: SessionKind,
  role: RoleLimits,
  accounts: readonly UserClass[],
  { facts, selected, controls }: ServiceQuestion,
): Control[] {
  const all = controls.filter(({ sessions }) => sessions?.kind === kind);
  if (!all.some(({ id }) => selected.includes(id))) return [];
  return all.filter(({ sessions }) => sessions?.concerns(facts, role, accounts) === true);
}

/**
 * Every role and service kind of which a service's control will end no session, with the service.
 *
 * @param only the accounts that are asked about; those of each role where left out.
 */
export function uncaughtServices(
  limits: HostLimits,
  coverage: readonly Coverage[],
  question: ServiceQuestion,
  only?: readonly UserClass[],
): Uncaught[] {
  const members = membersByRole(question.facts, limits, question.selected);
  return [...limits.roles, limits.defaults].flatMap((role) => {
    const people = members.find((each) => each.role === role)?.people ?? [];
    const accounts = only ?? people.map(({ account }) => account);
    return SESSION_KINDS.filter((kind) => isServiceKind(kind) && role.idle !== null).flatMap((kind) =>
      servicesOf(kind, role, accounts, question)
        .filter(({ id }) => !coverage.some((each) => isOf(each, id, role.role, kind)))
        .map(({ sessions }) => ({
          role: role.role,
          kind,
          reason: `${sessions?.service ?? ""}: ${whatWouldEnd(kind)}`,
        })),
    );
  });
}

function isOf(each: Coverage, control: ControlId, role: string, kind: SessionKind): boolean {
  return each.control === control && each.role === role && each.kind === kind;
}
