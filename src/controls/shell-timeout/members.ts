/** Whose login shells a role's people have. Pure. */
import { familiesInUse, hasNoTimeout, type ShellFamily } from "../../core/shell/families.ts";
import { resolvedClasses } from "../../core/policy/present-people.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { LoginShell } from "../../model/facts/login-shell.ts";

/** The families of a role's login shells; the whole host's where nobody knows whose is which. */
export function familiesIn(role: string, facts: Facts, limits: HostLimits): Set<ShellFamily> {
  const logins = loginsIn(role, facts, limits);
  if (logins === undefined) return familiesInUse(facts);
  const paths = new Set(logins.map(({ path }) => path));
  return familiesInUse({ shells: facts.shells.filter(({ path }) => paths.has(path)) });
}

/** The login shells of a role's people that have no idle timeout, by path; undefined where nobody knows. */
export function shellsWithoutTimeoutIn(role: string, facts: Facts, limits: HostLimits): string[] | undefined {
  const logins = loginsIn(role, facts, limits);
  const paths = logins?.map(({ path }) => path).filter((path) => hasNoTimeout(path, facts));
  return paths === undefined ? undefined : [...new Set(paths)];
}

/** Undefined where they are not known for each of them, or nobody is in the role. */
function loginsIn(role: string, facts: Facts, limits: HostLimits): LoginShell[] | undefined {
  const classes = resolvedClasses(facts, limits) ?? [];
  const own = classes.filter(({ person }) => person.role === role || person.matched.includes(role));
  const logins = own.flatMap(({ account }) => account.logins ?? []).filter(({ size }) => size > 0);
  return own.some(({ account }) => account.logins === undefined) || logins.length === 0 ? undefined : logins;
}
