/** Which roles of a server are those of a policy's people: by the name of an account, or as `database_roles` names them. Pure. */
import type { Facts, UserClass } from "../../model/facts/facts.ts";
import type { RoleLimits } from "../../model/policy/limits.ts";
import { isCut, type PgCluster, pgServers } from "./facts.ts";

/** Names by which people of a role may log in to a server, as far as the facts name the accounts. */
export function namesOf(role: RoleLimits, accounts: readonly UserClass[]): ReadonlySet<string> {
  const listed = accounts.flatMap(({ users, representative }) => [representative, ...users]);
  return new Set([...role.users, ...(role.databaseRoles ?? []), ...listed]);
}

/**
 * Whether people of the role may have sessions with a server here. The defaults name nobody, so no server's role is
 * theirs. What could not be read counts as yes.
 */
export function concernsRole(facts: Facts, role: RoleLimits, accounts: readonly UserClass[]): boolean {
  const servers = pgServers(facts);
  if (servers === undefined || role.role === "default") return false;
  if (servers.state !== "known") return true;
  const names = namesOf(role, accounts);
  // A class names some of its accounts only.
  const more = accounts.some(({ size, users }) => size > users.length);
  return servers.value.clusters.some((cluster) => concernsCluster(cluster, names, more));
}

function concernsCluster({ said }: PgCluster, names: ReadonlySet<string>, more: boolean): boolean {
  if (said === null || more || isCut(said)) return true;
  return (said.roles ?? []).some((name) => names.has(name));
}
