/** Which accounts of a host are those of a policy's people who may have sessions with its databases. Pure. */
import type { Facts, UserClass } from "../../model/facts/facts.ts";
import type { RoleLimits } from "../../model/policy/limits.ts";

/** The classes of accounts of this host that the role selects. */
export function accountsOf({ users, groups }: RoleLimits, { sshd }: Facts): UserClass[] {
  const wanted = new Set([...users.map((name) => `user:${name}`), ...groups.map((name) => `group:${name}`)]);
  const classes = sshd.classes.state === "known" ? sshd.classes.value : [];
  return classes.filter(({ selectors }) => selectors.some((selector) => wanted.has(selector)));
}
