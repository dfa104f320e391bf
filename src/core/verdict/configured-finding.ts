import type { Finding } from "../../model/verdict/finding.ts";

/** Makes findings of one control that rest on what a file or a manual page says. */
export function configuredFindings(control: Finding["control"]) {
  return (
    check: Finding["check"],
    role: string,
    expected: string,
    actual: string,
    source: string,
    outcome: Finding["outcome"],
    subject?: string,
  ): Finding => ({
    check,
    ...(subject === undefined ? {} : { subject }),
    control,
    role,
    expected,
    actual,
    source,
    evidence: "configured",
    outcome,
  });
}
