import type { Seconds } from "../../model/terms/duration.ts";
import type { ActiveExemption, HostLimits, RoleLimits } from "../../model/policy/limits.ts";
import { strictest } from "./host-limits.ts";

/** An account as the host knows it: login name, and the names of all its groups. */
export interface Person {
  readonly user: string;
  readonly groups: readonly string[];
}

/** Which limits hold for one person on one host, and why. */
export interface ResolvedPerson {
  /** The role with the strictest idle limit, `default` when no role selects the person. */
  readonly role: string;
  /** Every role that selects the person, strictest idle limit first. */
  readonly matched: readonly string[];
  readonly idle: Seconds | null;
  readonly unresponsive: Seconds | null;
  readonly warnBefore: Seconds | null;
  /** What the limits above do not apply to: the mechanisms named in each. */
  readonly exemptions: readonly ActiveExemption[];
}

/**
 * Who gets which limit: Teleport's rule for `client_idle_timeout` over several roles, the
 * strictest wins, field by field. So two fields may come from two roles: somebody in `a` (idle
 * 5m, unresponsive 10m) and `b` (idle 10m, unresponsive 1m) has idle 5m and unresponsive 1m; the
 * role named is the one with the strictest idle limit, by name where two are equal. Names are
 * compared as sshd does, with case. Pure.
 */
export function resolvePerson(limits: HostLimits, person: Person): ResolvedPerson {
  const matched = limits.roles.filter((role) => selects(role, person));
  const effective = matched.length > 0 ? matched : [limits.defaults];
  const idle = least(effective.map((role) => role.idle));
  return {
    role: effective[0]?.role ?? limits.defaults.role,
    matched: matched.map(({ role }) => role),
    idle,
    unresponsive: least(effective.map((role) => role.unresponsive)),
    warnBefore: leastBelow(idle, effective),
    exemptions: limits.exemptions.filter(({ exemption }) => selects(exemption, person)),
  };
}

function selects(selector: Pick<RoleLimits, "users" | "groups">, person: Person): boolean {
  return (
    selector.users.includes(person.user) || selector.groups.some((group) => person.groups.includes(group))
  );
}

function least(values: readonly (Seconds | null)[]): Seconds | null {
  return values.reduce(strictest, null);
}

/** A warning taken from one role must still come before the end that another role sets. */
function leastBelow(idle: Seconds | null, roles: readonly RoleLimits[]): Seconds | null {
  const warnBefore = least(roles.map((role) => role.warnBefore));
  return warnBefore !== null && idle !== null && warnBefore < idle ? warnBefore : null;
}
