import { demandsOf, holds, scannerRelation } from "../../../core/policy/baseline-rules.ts";
import type { Facts } from "../../../model/facts/facts.ts";
import type { Baseline, Relation } from "../../../model/policy/baseline.ts";
import { type AliveShape, PLAIN_SHAPE } from "../ending/client-alive.ts";
import type { SessionKind } from "../../../model/terms/session-kind.ts";

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

/** The count and the longest interval that a baseline's rules and its scanners take. */
export function aliveShape(baseline: Baseline | undefined, facts: Pick<Facts, "os">): AliveShape {
  const demands = demandsOf(baseline);
  const wanted = (setting: string): Relation[] => {
    const scanner = scannerRelation(baseline, setting, facts);
    return [...(demands.get(setting) ?? []), ...(scanner === undefined ? [] : [scanner])];
  };
  const [countMax = PLAIN_SHAPE.countMax] = wanted("ClientAliveCountMax").flatMap(
    ({ equals }) => equals ?? [],
  );
  const most = wanted("ClientAliveInterval").flatMap((relation) => relation["at-most"] ?? []);
  return { countMax, longest: Math.min(...most) };
}
