/** Who on a host is in which role, and what they are exempt from. Pure. */
import type { Facts } from "../../model/facts/facts.ts";
import type { HostLimits, RoleLimits } from "../../model/policy/limits.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import { type Reading, unreadable } from "../../model/terms/reading.ts";
import { resolvePerson } from "../policy/resolve-person.ts";
import { type ResolvedClass, resolvedClasses } from "../policy/present-people.ts";

/** Accounts that the policy treats alike. */
export interface Member extends ResolvedClass {
  readonly exemptFromAll: boolean;
}

export interface RoleMembers {
  readonly role: RoleLimits;
  /** Undefined where nobody could read who is there. */
  readonly people: readonly Member[] | undefined;
}

/**
 * The roles that somebody on the host is in, strictest first, and the defaults. A role's members are
 * those for whom it decides; failing that, those for whom a stricter role does. All roles where nobody
 * could read who has an account.
 */
export function membersByRole(
  facts: Facts,
  limits: HostLimits,
  selected: readonly ControlId[],
): RoleMembers[] {
  const { classes } = facts.sshd;
  const roles = [...limits.roles, limits.defaults];
  if (classes.state === "unreadable") return roles.map((role) => ({ role, people: undefined }));
  const everybody = (resolvedClasses(facts, limits) ?? []).map((resolved) => memberOf(resolved, selected));
  return roles.flatMap((role) => {
    const people = membersOf(role.role, everybody);
    return people.length > 0 || role === limits.defaults ? [{ role, people }] : [];
  });
}

/**
 * People of a role that has no account here, by the names that they have at a service of the host; an exemption may name
 * those as well.
 */
export function membersByName(
  role: RoleLimits,
  limits: HostLimits,
  selected: readonly ControlId[],
): Member[] {
  const { idle, unresponsive, warnBefore, users, databaseRoles = [] } = role;
  return [...new Set([...databaseRoles, ...users])].map((user) => {
    const account = { selectors: [], representative: user, size: 1, users: [user], effective: NO_ACCOUNT };
    const { exemptions } = resolvePerson(limits, { user, groups: [] });
    const own = { role: role.role, matched: [role.role], idle, unresponsive, warnBefore, exemptions };
    return memberOf({ account, person: own }, selected);
  });
}

const NO_ACCOUNT: Reading<readonly string[]> = unreadable("there is no such account on the host");

function memberOf({ account, person }: ResolvedClass, selected: readonly ControlId[]): Member {
  const exempt = new Set(person.exemptions.flatMap(({ controls }) => controls));
  return { account, person, exemptFromAll: selected.every((control) => exempt.has(control)) };
}

function membersOf(role: string, everybody: readonly Member[]): Member[] {
  const deciding = everybody.filter(({ person }) => person.role === role);
  return deciding.length > 0 ? deciding : everybody.filter(({ person }) => person.matched.includes(role));
}
