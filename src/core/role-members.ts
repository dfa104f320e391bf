import type { Facts, UserClass } from "../model/facts.ts";
import type { HostLimits } from "../model/limits.ts";
import { type Reading, absent, known, unreadable } from "../model/reading.ts";
import { type ResolvedPerson, resolvePerson } from "./resolve-person.ts";

/** One class of accounts of the host, and what the policy makes of them. */
export interface ResolvedMembers {
  readonly found: UserClass;
  readonly person: ResolvedPerson;
}

/** The classes of accounts by the role whose idle limit holds for them. Pure. */
export function membersByRole(
  { sshd: { classes } }: Facts,
  limits: HostLimits,
): Reading<ReadonlyMap<string, readonly ResolvedMembers[]>> {
  if (classes.state === "unreadable") return unreadable(classes.reason);
  if (classes.state === "absent") return absent();
  const resolved = classes.value.map((found) => ({ found, person: resolvePerson(limits, personOf(found)) }));
  return known(Map.groupBy(resolved, ({ person }) => person.role));
}

function personOf({ representative, selectors }: UserClass): { user: string; groups: string[] } {
  const groups = selectors
    .filter((selector) => selector.startsWith("group:"))
    .map((selector) => selector.slice("group:".length));
  return { user: representative, groups };
}
