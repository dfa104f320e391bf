import { demandsOf, holds } from "../../core/policy/baseline-rules.ts";
import type { Baseline } from "../../model/baseline.ts";
import type { SessionKind } from "../../model/session-kind.ts";

/**
 * Whether a baseline wants a ClientAliveCountMax above 0 from sshd for everybody: then an exemption
 * from sshd does not reach ClientAlive, which ends no session of a client that answers.
 */
export function keepsClientAlive(baseline: Baseline | undefined): boolean {
  const counts = demandsOf(baseline).get("ClientAliveCountMax") ?? [];
  return counts.some((relation) => !holds(relation, 0));
}

/** Under such a baseline an exemption from sshd lets a client that stopped answering be dropped like everybody's. */
export function reachesExempt(kind: SessionKind, baseline: Baseline | undefined): boolean {
  return kind === "frozen-client" && keepsClientAlive(baseline);
}
