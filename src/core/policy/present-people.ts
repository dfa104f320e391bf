/** Which of the policy's people really exist on a host. */
import type { Facts, UserClass } from "../../model/facts/facts.ts";
import type { ActiveExemption, HostLimits, RoleLimits } from "../../model/policy/limits.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import { resolvePerson, type ResolvedPerson } from "./resolve-person.ts";

/** One class of accounts with the limits that hold for it. */
export interface ResolvedClass {
  readonly account: UserClass;
  readonly person: ResolvedPerson;
}

/** Every class of accounts found on the host, resolved; undefined where nobody could read them. */
export function resolvedClasses(facts: Facts, limits: HostLimits): ResolvedClass[] | undefined {
  const { classes } = facts.sshd;
  if (classes.state === "unreadable") return undefined;
  const found = classes.state === "known" ? classes.value : [];
  return found.map((account) => ({
    account,
    person: resolvePerson(limits, { user: account.representative, groups: groupsOf(account) }),
  }));
}

/**
 * The roles that somebody on the host is in, and the defaults. All of them where nobody could read
 * who is there.
 */
export function presentRoles(facts: Facts, limits: HostLimits): RoleLimits[] {
  const classes = resolvedClasses(facts, limits);
  const roles =
    classes === undefined
      ? limits.roles
      : limits.roles.filter(({ role }) => classes.some(({ person }) => person.matched.includes(role)));
  return [limits.defaults, ...roles];
}

export function exempts(active: ActiveExemption, control: ControlId): boolean {
  return active.controls.includes(control);
}

/** Whether the person is exempt from one control. */
export function isExempt(person: ResolvedPerson, control: ControlId): boolean {
  return person.exemptions.some((active) => exempts(active, control));
}

/**
 * Whether the person is exempt from one of the policy's mechanisms: what becomes of them shows nothing about
 * others. An exemption from a mechanism that the policy does not use excepts nobody from anything.
 */
export function isSpared(person: ResolvedPerson, controls: readonly ControlId[]): boolean {
  return controls.some((control) => isExempt(person, control));
}

/** The policy's groups that accounts of a class are in, by name. */
export function groupsOf({ selectors }: Pick<UserClass, "selectors">): string[] {
  return selectors
    .filter((selector) => selector.startsWith("group:"))
    .map((selector) => selector.slice("group:".length));
}
