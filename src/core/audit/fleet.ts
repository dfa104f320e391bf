/** What an audit says about the fleet as a whole. */
import type { AuditedHost } from "../../model/record/audit.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { Host } from "../../model/inventory/host.ts";
import type { Exemption, Policy } from "../../model/policy/policy.ts";
import { configuredFindings } from "../verdict/configured-finding.ts";
import { appliesTo } from "../policy/host-pattern.ts";

const finding = configuredFindings("host");

/**
 * One finding per exemption that has not expired: whether it exempts anybody on any of the hosts. Where one of
 * its hosts could not be judged, nobody knows. Pure.
 *
 * @param whole False where the audit was limited to some hosts: then none can be called unused.
 * @param today `YYYY-MM-DD`, UTC.
 */
export function fleetFindings(
  policy: Policy,
  hosts: readonly Host[],
  audited: readonly Pick<AuditedHost, "host" | "findings" | "error">[],
  { whole, today }: { readonly whole: boolean; readonly today: string },
): Finding[] {
  const byName = new Map(audited.map((each) => [each.host, each]));
  return policy.exemptions
    .filter(({ expires }) => expires >= today)
    .map((exemption) => {
      const own = hosts
        .filter((host) => appliesTo(exemption.hosts, host))
        .map(({ name }) => byName.get(name));
      return exemptionFinding(exemption, own);
    })
    .filter(({ outcome }) => whole || outcome === "pass");
}

function exemptionFinding(
  exemption: Exemption,
  hosts: readonly (Pick<AuditedHost, "findings" | "error"> | undefined)[],
): Finding {
  const used = hosts.filter((each) => each !== undefined && isUsed(exemption, each.findings)).length;
  const lost = hosts.filter((each) => each === undefined || each.error !== undefined).length;
  const [outcome, actual] =
    used > 0
      ? (["pass", `it does, on ${used} of ${hosts.length} hosts`] as const)
      : lost > 0
        ? (["unknown", `no account so far, but ${lost} of its hosts could not be judged`] as const)
        : (["fail", "no account on any of the audited hosts"] as const);
  const source = `exemption "${exemption.name}"`;
  return finding("exemption-used", "*", "it exempts somebody", actual, source, outcome, exemption.name);
}

function isUsed({ name }: Exemption, findings: readonly Finding[]): boolean {
  return findings.some(({ check, subject }) => check === "exemption-active" && subject === name);
}
