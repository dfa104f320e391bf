/** What a control cannot do for somebody whom sshd gives no shell or no terminal. Pure. */
import type { Control } from "../../model/control/control.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Coverage, Finding } from "../../model/verdict/finding.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import { membersByRole } from "../ending/ladder-members.ts";

export interface Possible {
  /** Without what a control can do for nobody of a role. */
  readonly coverage: readonly Coverage[];
  /** One for each control and role of which it cannot reach somebody. */
  readonly findings: readonly Finding[];
}

export function possibleCoverage(
  coverage: readonly Coverage[],
  facts: Facts,
  limits: HostLimits,
  controls: readonly Control[],
): Possible {
  const byRole = new Map(membersByRole(facts, limits, []).map((each) => [each.role.role, each.people]));
  const findings = new Map<string, Finding>();
  const kept = coverage.filter(({ control: id, role, kind }) => {
    const control = controls.find((each) => each.id === id);
    const members = byRole.get(role) ?? [];
    const reasons = members.map(({ account }) => control?.cannot?.(account, kind));
    const reason = reasons.find((each) => each !== undefined);
    if (reason !== undefined) findings.set(`${id} ${role}`, cannotFinding(id, role, reason));
    return reason === undefined || reasons.includes(undefined);
  });
  return { coverage: kept, findings: [...findings.values()] };
}

function cannotFinding(control: Coverage["control"], role: string, reason: string): Finding {
  return {
    check: "version-ability",
    subject: "no shell or terminal",
    control,
    role,
    expected: `${control} ends idle sessions of everybody in the role`,
    actual: reason,
    source: "sshd -T -C",
    evidence: "effective",
    outcome: "fail",
  };
}
