import type { Facts, UserClass } from "../../model/facts/facts.ts";
import type { HostLimits, RoleLimits } from "../../model/policy/limits.ts";
import { type Reading, known } from "../../model/terms/reading.ts";
import { type ResolvedClass, resolvedClasses } from "./present-people.ts";
import { selectorNames } from "./selectors.ts";

/** The classes of accounts by the role whose idle limit holds for them. Pure. */
export function classesByRole(
  facts: Facts,
  limits: HostLimits,
): Reading<ReadonlyMap<string, readonly ResolvedClass[]>> {
  const { classes } = facts.sshd;
  if (classes.state !== "known") return classes;
  return known(Map.groupBy(resolvedClasses(facts, limits) ?? [], ({ person }) => person.role));
}

/** The classes of accounts of this host that the role selects. Pure. */
export function accountsOf(role: RoleLimits, { sshd }: Facts): UserClass[] {
  return selectedBy(role, sshd.classes.state === "known" ? sshd.classes.value : []);
}

/** Those of some classes that a role or an exemption names. Pure. */
export function selectedBy(
  people: Pick<RoleLimits, "users" | "groups">,
  classes: readonly UserClass[],
): UserClass[] {
  const wanted = new Set(selectorNames(people));
  return classes.filter(({ selectors }) => selectors.some((selector) => wanted.has(selector)));
}
