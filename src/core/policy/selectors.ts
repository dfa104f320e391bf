/** The people of a policy as a host is asked about them, and who of the host belongs to whom. */
import type { UserClass } from "../../model/facts/facts.ts";
import type { HostLimits, RoleLimits } from "../../model/policy/limits.ts";
import type { Person } from "./resolve-person.ts";

/** One name to look for on a host, and what it stands for. */
export interface Selector {
  /** `user:NAME` or `group:NAME`. */
  readonly name: string;
  /**
   * Numbers of the roles and exemptions that name it, from 0, sorted. Accounts that belong to the same
   * ones are one class, by whatever names: a role that lists 150 people is still one question to sshd.
   */
  readonly owners: readonly number[];
}

/**
 * The people a host has to be asked about: `user:NAME` and `group:NAME` of every role and exemption
 * that applies there, each once, sorted by name.
 */
export function selectorsOf(limits: HostLimits): Selector[] {
  const people = [...limits.roles, ...limits.exemptions.map(({ exemption }) => exemption)];
  const owners = new Map<string, number[]>();
  for (const [owner, named] of people.entries()) {
    for (const name of new Set(selectorNames(named))) owners.set(name, [...(owners.get(name) ?? []), owner]);
  }
  return [...owners]
    .map(([name, numbers]) => ({ name, owners: numbers }))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

/** `user:NAME` and `group:NAME` of everybody that a role or an exemption names. */
export function selectorNames({ users, groups }: Pick<RoleLimits, "users" | "groups">): string[] {
  return [...users.map((user) => `user:${user}`), ...groups.map((group) => `group:${group}`)];
}

/** The same, with one account in a class of its own, whose selectors are then this account's alone. */
export function selectorsApart(selectors: readonly Selector[], user: string): Selector[] {
  const name = `user:${user}`;
  const found = selectors.find((selector) => selector.name === name);
  const alone = 1 + Math.max(-1, ...selectors.flatMap(({ owners }) => owners));
  const others = selectors.filter((selector) => selector !== found);
  return [...others, { name, owners: [...(found?.owners ?? []), alone] }].toSorted((left, right) =>
    left.name < right.name ? -1 : 1,
  );
}

/**
 * The class of an account, also where it is not among the few that the class lists: by its own name,
 * else by its groups where only one class has them all. Undefined where that cannot be told.
 */
export function classOf(classes: readonly UserClass[], { user, groups }: Person): UserClass | undefined {
  const listed = classes.find(
    ({ representative, users, selectors }) =>
      representative === user || users.includes(user) || selectors.includes(`user:${user}`),
  );
  if (listed !== undefined) return listed;
  const asked = new Set(classes.flatMap(({ selectors }) => selectors));
  const own = groups.map((group) => `group:${group}`).filter((name) => asked.has(name));
  const possible = classes.filter(({ selectors }) =>
    own.length === 0 ? selectors.length === 0 : own.every((name) => selectors.includes(name)),
  );
  return possible.length === 1 ? possible[0] : undefined;
}
