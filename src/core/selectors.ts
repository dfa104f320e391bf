import type { HostLimits } from "../model/limits.ts";

/**
 * The people a host has to be asked about: `user:NAME` and `group:NAME` of every role and exemption
 * that applies there, each once, sorted.
 */
export function selectorsOf(limits: HostLimits): string[] {
  const people = [...limits.roles, ...limits.exemptions.map(({ exemption }) => exemption)];
  const selectors = people.flatMap(({ users, groups }) => [
    ...users.map((user) => `user:${user}`),
    ...groups.map((group) => `group:${group}`),
  ]);
  return [...new Set(selectors)].toSorted();
}
