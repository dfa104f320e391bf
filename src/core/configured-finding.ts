import type { Finding } from "../model/finding.ts";

/** Makes findings of one control that rest on what a file or a manual page says. */
export function configuredFindings(control: Finding["control"]) {
  return (
    role: string,
    expected: string,
    actual: string,
    source: string,
    outcome: Finding["outcome"],
  ): Finding => ({ control, role, expected, actual, source, evidence: "configured", outcome });
}
