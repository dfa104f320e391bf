import type { Facts } from "../../model/facts/facts.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import { type Reading, known } from "../../model/terms/reading.ts";
import { type ResolvedClass, resolvedClasses } from "./present-people.ts";

/** The classes of accounts by the role whose idle limit holds for them. Pure. */
export function classesByRole(
  facts: Facts,
  limits: HostLimits,
): Reading<ReadonlyMap<string, readonly ResolvedClass[]>> {
  const { classes } = facts.sshd;
  if (classes.state !== "known") return classes;
  return known(Map.groupBy(resolvedClasses(facts, limits) ?? [], ({ person }) => person.role));
}
