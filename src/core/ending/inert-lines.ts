/** Lines that look as if they ended idle sessions and do nothing, as findings. Whoever wrote them. Pure. */
import type { Control } from "../../model/control/control.ts";
import type { InertLine } from "../../model/control/ending.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Finding, LadderCell } from "../../model/verdict/finding.ts";
import { findingKey } from "../verdict/finding-key.ts";

/**
 * One finding for each inert line. Where it is known what becomes of sessions, a line fails (or is
 * unknown) only where sessions of its kind do; sessions that end all the same make it no more than a
 * remark, which passes.
 *
 * @param cells Those of the ladder that count; left out, every inert line fails.
 */
export function inertFindings(
  facts: Facts,
  controls: readonly Control[],
  cells?: readonly LadderCell[],
): Finding[] {
  const findings = inertLines(facts, controls).map((line): Finding => ({
    check: line.check,
    subject: line.subject,
    control: line.control,
    role: "*",
    expected: `"${line.text}" ends idle sessions`,
    actual: `it does nothing: ${line.why}`,
    source: line.source,
    evidence: "configured",
    outcome: cells === undefined ? "fail" : outcomeFor(line, cells),
  }));
  return [
    ...new Map(findings.toReversed().map((finding) => [findingKey(finding), finding])).values(),
  ].toReversed();
}

/** Every line that does nothing on this host, control by control. */
export function inertLines(facts: Facts, controls: readonly Control[]): InertLine[] {
  return controls.flatMap((control) => control.inert?.(facts) ?? []);
}

function outcomeFor({ kinds }: InertLine, cells: readonly LadderCell[]): Finding["outcome"] {
  const concerned = cells.filter(({ kind }) => kinds.includes(kind));
  const outcomes = new Set(concerned.map(({ outcome }) => outcome));
  return outcomes.has("fail") ? "fail" : outcomes.has("unknown") ? "unknown" : "pass";
}
