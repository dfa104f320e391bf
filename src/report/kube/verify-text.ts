import type { GateProbe } from "../../core/kube/gate/proof.ts";
import { visible } from "../../core/text/visible.ts";
import type { Paint } from "../layout/paint.ts";
import { findingSign, signText } from "../layout/signs.ts";

/** One line for each probe, and what they cannot show. */
export function gateProofText(probes: readonly GateProbe[], paint: Paint): string {
  const lines = probes.map(({ session, expect, outcome, saw }) => {
    const sign = signText(findingSign({ outcome, evidence: "demonstrated" }), paint);
    return `${sign} ${session.padEnd(7)} has to be ${expect.padEnd(9)} ${visible(saw)}`;
  });
  return `${lines.join("\n")}\nThe gate's state belongs to its user, who can evade it: curfew help kubernetes\n`;
}
