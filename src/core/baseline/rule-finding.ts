import type { ControlId } from "../../model/control-id.ts";
import type { Finding } from "../../model/finding.ts";
import type { Demand, Judgement } from "../../model/rule.ts";
import { relationText } from "../policy/baseline-rules.ts";

/** A finding about one rule. */
export function ruleFinding(
  { rule, setting, relation }: Demand,
  control: ControlId,
  judgement: Judgement,
): Finding {
  const { role, about, expected, actual, source, evidence, outcome, waiver } = judgement;
  return {
    check: "baseline-rule",
    control,
    role,
    rule: rule.id,
    subject: about === undefined ? setting : `${setting} ${about}`,
    expected: expected ?? `${setting} is ${relationText(relation)}`,
    actual,
    source,
    evidence,
    outcome,
    ...(waiver === undefined ? {} : { waiver }),
  };
}
