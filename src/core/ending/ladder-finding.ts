import { formatDuration } from "../../model/terms/duration.ts";
import type { Finding, LadderCell, Rung } from "../../model/verdict/finding.ts";

/** A cell of the ladder as a finding. */
export function sessionFinding(cell: LadderCell): Finding {
  const { kind, role, expect, limit, outcome, reason } = cell;
  const rung = cell.demonstrated ?? cell.effective ?? cell.configured;
  const found = rung === null ? "nothing ends it" : shown(rung);
  return {
    check: "session-ends",
    subject: kind,
    control: "host",
    role,
    expected: expect === "kept" ? "is kept" : `ends within ${formatDuration(limit ?? 0)}`,
    actual: reason === undefined ? found : `${found}; ${reason}`,
    source: rung?.source ?? "curfew explain",
    evidence: cell.evidence ?? "configured",
    outcome,
    ...(outcome === "waived" && reason !== undefined ? { waiver: reason } : {}),
  };
}

function shown({ by, seconds }: Rung): string {
  if (seconds === null) return "kept";
  return `${by} after ${Number.isInteger(seconds) ? formatDuration(seconds) : `${seconds} s`}`;
}
