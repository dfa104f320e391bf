/**
 * Which of a server's accounts are those of a policy's people: by the name of an account of the host, or as
 * `database_roles` names them, and whoever was given a role that is named there. Pure.
 */
import type { Facts, UserClass } from "../../model/facts/facts.ts";
import type { RoleLimits } from "../../model/policy/limits.ts";
import type { MariaDbServer } from "./answer.ts";
import { mariaDb } from "./facts.ts";

/**
 * Accounts that every server has for its own work. A backup leaves its session asleep with the server's locks, and
 * whoever makes a role is given it: they are nobody's unless `database_roles` names them.
 */
export const OWN_ACCOUNTS: readonly string[] = ["root", "mysql", "mariadb.sys", "debian-sys-maint"];

/** Accounts of the server that are people's of the role, sorted. */
export function mariaDbAccounts(
  role: RoleLimits,
  accounts: readonly UserClass[],
  { users, members }: MariaDbServer,
): string[] {
  const listed = accounts.flatMap((each) => [each.representative, ...each.users]);
  const people = new Set([...role.users, ...listed]);
  const given = Map.groupBy(members, ([user]) => user);
  const rolesOf = (user: string): string[] => (given.get(user) ?? []).map(([, each]) => each);
  return users.filter((user) => isTheirs(user, people.has(user), rolesOf(user), role)).toSorted();
}

/** Whether an account is one of the role's. `person`: it has the name of one of its people. `given`: roles it was given. */
export function isTheirs(
  user: string,
  person: boolean,
  given: readonly string[],
  { databaseRoles: named = [] }: Pick<RoleLimits, "databaseRoles">,
): boolean {
  if (named.includes(user)) return true;
  return !OWN_ACCOUNTS.includes(user) && (person || given.some((each) => named.includes(each)));
}

/** Whether people of the role may have sessions with a server here. What could not be read counts as yes. */
export function concernsMariaDb(facts: Facts, role: RoleLimits, accounts: readonly UserClass[]): boolean {
  const found = mariaDb(facts);
  // The defaults name nobody, so no account of a server is theirs.
  if (found === undefined || role.role === "default") return false;
  if (found.state !== "known" || found.value.server === null || found.value.others.length > 0) return true;
  const { server } = found.value;
  // A class names some of its accounts only.
  const more = accounts.some(({ size, users }) => size > users.length);
  return more || server.cut || mariaDbAccounts(role, accounts, server).length > 0;
}
