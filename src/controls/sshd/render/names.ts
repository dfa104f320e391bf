import { CurfewError } from "../../../model/terms/error.ts";
import type { Facts, OpenSshVersion } from "../../../model/facts/facts.ts";
import type { HostLimits } from "../../../model/policy/limits.ts";
import { atLeast } from "../../../core/sshd/openssh-version.ts";

/**
 * The limits without the names that a release cannot read and that nobody on the host bears. Old
 * releases cut a line at `#` even inside quotes (seen on 8.4; 9.2 does not), so a name with one
 * would end the Match line early.
 * Errors: CurfewError `unsupported` where somebody bears such a name: leaving it out would give
 * those people other limits than the policy says.
 */
export function writableNames(facts: Facts, version: OpenSshVersion, limits: HostLimits): HostLimits {
  if (atLeast(version, "9.2")) return limits;
  const missing = new Set(facts.sshd.missingSelectors);
  const keep = (kind: "user" | "group") => (name: string) => {
    if (!name.includes("#")) return true;
    if (missing.has(`${kind}:${name}`)) return false;
    throw new CurfewError(
      "unsupported",
      `OpenSSH ${version.major}.${version.minor} cannot match the ${kind} "${name}": it takes # for a comment`,
      { hint: `limit the role or exemption to other hosts (hosts:), or rename the ${kind}` },
    );
  };
  const users = keep("user");
  const groups = keep("group");
  return {
    ...limits,
    roles: limits.roles.map((role) =>
      Object.assign({}, role, { users: role.users.filter(users), groups: role.groups.filter(groups) }),
    ),
    exemptions: limits.exemptions.map(({ exemption, controls }) => ({
      controls,
      exemption: Object.assign({}, exemption, {
        users: exemption.users.filter(users),
        groups: exemption.groups.filter(groups),
      }),
    })),
  };
}
