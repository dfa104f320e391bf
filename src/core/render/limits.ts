/** Which of a policy's roles and exemptions hold on a host that has no inventory. Pure. */
import type { Host } from "../../model/host.ts";
import type { HostLimits } from "../../model/limits.ts";
import type { Policy } from "../../model/policy.ts";
import { appliesTo } from "../policy/host-pattern.ts";
import { hostLimits } from "../policy/host-limits.ts";

/** The limits, and the roles and exemptions that are for other hosts, for people. */
export function renderedLimits(
  policy: Policy,
  name: string,
  groups: readonly string[],
  today: string,
): { readonly limits: HostLimits; readonly elsewhere: readonly string[] } {
  const host: Host = { name, address: name, groups: ["all", ...groups].toSorted(), source: { file: "" } };
  const roles = Object.entries(policy.roles).flatMap(([role, { hosts }]) =>
    appliesTo(hosts, host) ? [] : [`role ${role}`],
  );
  const exemptions = policy.exemptions.flatMap((exemption) =>
    appliesTo(exemption.hosts, host) ? [] : [`exemption ${exemption.name}`],
  );
  return { limits: hostLimits(policy, host, today), elsewhere: [...roles, ...exemptions] };
}
