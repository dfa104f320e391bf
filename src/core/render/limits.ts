/** Which of a policy's roles and exemptions hold on a host that has no inventory. Pure. */
import type { Control } from "../../model/control/control.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Host } from "../../model/inventory/host.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { Policy } from "../../model/policy/policy.ts";
import { policyOn } from "../policy/apply-baseline.ts";
import { appliesTo } from "../policy/host-pattern.ts";
import { hostLimits } from "../policy/host-limits.ts";

interface RenderedLimits {
  readonly limits: HostLimits;
  readonly selected: Policy["controls"];
  /** The roles and exemptions that are for other hosts, for people. */
  readonly elsewhere: readonly string[];
}

/** What holds on a host of that name in those groups, with those facts. */
export function renderedLimits(
  policy: Policy,
  { name, groups }: { readonly name: string; readonly groups: readonly string[] },
  { facts, controls }: { readonly facts: Pick<Facts, "os">; readonly controls: readonly Control[] },
  today: string,
): RenderedLimits {
  const host: Host = { name, address: name, groups: ["all", ...groups].toSorted(), source: { file: "" } };
  const roles = Object.entries(policy.roles).flatMap(([role, { hosts }]) =>
    appliesTo(hosts, host) ? [] : [`role ${role}`],
  );
  const exemptions = policy.exemptions.flatMap((exemption) =>
    appliesTo(exemption.hosts, host) ? [] : [`exemption ${exemption.name}`],
  );
  const here = policyOn(policy, host, facts, controls);
  const limits = hostLimits(here, host, today);
  return { limits, selected: here.controls, elsewhere: [...roles, ...exemptions] };
}
