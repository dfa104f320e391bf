import type { HostLimits } from "../model/limits.ts";

/**
 * The people a host has to be asked about: `user:NAME` and `group:NAME` of every role and exemption
 * that applies there, each once, sorted.
 */
export function selectorsOf(limits: HostLimits): string[] {
  const people = [...limits.roles, ...limits.exemptions.map(({ exemption }) => exemption)];
  const users = people.flatMap((each) => each.users).map((user) => `user:${user}`);
  const groups = people.flatMap((each) => each.groups).map((group) => `group:${group}`);
  return [...new Set([...groups, ...users])].toSorted();
}
