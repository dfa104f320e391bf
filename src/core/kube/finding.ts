import type { CheckId } from "../../model/verdict/check.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { SourcePosition } from "../../model/inventory/host.ts";

/** What is said of one place in a file. */
export interface KubeStatement {
  readonly expected: string;
  readonly actual: string;
  readonly at: SourcePosition;
  readonly outcome: "pass" | "fail" | "unknown" | "not-applicable";
  /** As its publisher calls it: `CIS Kubernetes 3.1.1`, `STIG V-245541`. */
  readonly rule?: string;
}

/** A finding that rests on what a file says; `subject` empty: about the file as a whole. */
export function kubeFinding(check: CheckId, subject: string, found: KubeStatement): Finding {
  const { expected, actual, at, outcome, rule } = found;
  return {
    check,
    control: "host",
    role: "*",
    ...(rule === undefined ? {} : { rule }),
    ...(subject === "" ? {} : { subject }),
    expected,
    actual,
    source: placeText(at),
    evidence: "configured",
    outcome,
  };
}

/** `FILE:LINE:COLUMN`, as editors read it. */
function placeText({ file, line, column }: SourcePosition): string {
  return [file, line, column].filter((part) => part !== undefined).join(":");
}
