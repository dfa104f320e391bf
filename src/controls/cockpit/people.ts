/** Who may have a session with the web console, and which limit of theirs is the strictest. Pure. */
import type { Seconds } from "../../model/terms/duration.ts";
import type { Facts, UserClass } from "../../model/facts/facts.ts";
import type { HostLimits, RoleLimits } from "../../model/policy/limits.ts";
import { exempts, isExempt, resolvedClasses } from "../../core/policy/present-people.ts";
import { accountsOf } from "../../core/policy/role-members.ts";
import { type Cockpit, cockpitOf } from "./facts.ts";

/** A class names some of its accounts only: then one of the others may. */
function mayLogIn({ users, size, representative }: UserClass, { disallowed }: Cockpit): boolean {
  const named = new Set([representative, ...users]);
  return size > named.size || [...named].some((user) => !disallowed.includes(user));
}

/** Whether people of the role may have sessions with it here. What could not be read counts as yes. */
export function concernsCockpit(facts: Facts, _role: RoleLimits, accounts: readonly UserClass[]): boolean {
  const found = cockpitOf(facts);
  if (found === undefined || found.state === "absent") return false;
  if (found.state === "unreadable" || facts.sshd.classes.state === "unreadable") return true;
  return found.value.dialect !== null && accounts.some((account) => mayLogIn(account, found.value));
}

/** The roles for which a limit of the console holds. */
export function consoleRoles(facts: Facts, limits: HostLimits, found: Cockpit): RoleLimits[] {
  return [...limits.roles, limits.defaults].filter((role) => {
    if (role.idle === null) return false;
    const everybody = role.users.length + role.groups.length === 0;
    return everybody || accountsOf(role, facts).some((account) => mayLogIn(account, found));
  });
}

/** The one limit of the host, or why there is none. */
export type ConsoleLimit =
  | { readonly state: "limit"; readonly limit: Seconds; readonly role: string }
  | { readonly state: "no-limits" }
  /** `why` for people, without a full stop. */
  | { readonly state: "left-out"; readonly why: string; readonly outcome: "fail" | "unknown" };

/** The strictest limit of anybody who may log in to it. It is left out where it would log out somebody exempt. */
export function consoleLimit(facts: Facts, limits: HostLimits, found: Cockpit): ConsoleLimit {
  const classes = resolvedClasses(facts, limits);
  if (classes === undefined) {
    if (!limits.exemptions.some((active) => exempts(active, "cockpit")))
      return strictestOf([...limits.roles, limits.defaults]);
    const why = "whether an exempt person has an account here could not be read";
    return { state: "left-out", why, outcome: "unknown" };
  }
  const people = classes.filter(({ account }) => mayLogIn(account, found));
  const exempt = people.find(({ person }) => isExempt(person, "cockpit"))?.account;
  if (exempt === undefined) return strictestOf(people.map(({ person }) => person));
  const name = [exempt.representative, ...exempt.users].find((user) => !found.disallowed.includes(user));
  const why = `it is one value for the whole host, and would also log out ${name ?? exempt.representative}, who is exempt and not in /etc/cockpit/disallowed-users`;
  return { state: "left-out", why, outcome: "fail" };
}

function strictestOf(people: readonly Pick<RoleLimits, "idle" | "role">[]): ConsoleLimit {
  const limited = people.flatMap(({ idle, role }) => (idle === null ? [] : [{ limit: idle, role }]));
  const [first] = limited.toSorted((left, right) => left.limit - right.limit);
  return first === undefined ? { state: "no-limits" } : { state: "limit", ...first };
}
