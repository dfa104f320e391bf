/** What an audit says about how idle sessions end. */
import { formatDuration } from "../../model/terms/duration.ts";
import type { Finding, LadderCell } from "../../model/verdict/finding.ts";
import { sessionFinding } from "../ending/ladder-finding.ts";
import type { ProbeResult } from "../../model/change/run.ts";
import { isServiceKind, type SessionKind } from "../../model/terms/session-kind.ts";
import { visible } from "../text/visible.ts";

/**
 * One per role and kind; a policy that selects a control of a service wants its sessions judged. `typing` counts only where it was tried: no setting promises it. Sessions that no cell
 * tells of have a finding of their own: of somebody exempt in part, who has to be kept where the role's others
 * are dropped. Pure.
 */
export function sessionFindings(
  ladder: readonly LadderCell[],
  sessions: readonly SessionKind[],
  probes: readonly ProbeResult[],
): Finding[] {
  const cells = ladder
    .filter(({ kind, limit }) => (sessions.includes(kind) || isServiceKind(kind)) && limit !== null)
    .filter(
      ({ kind, outcome, demonstrated }) => kind !== "typing" || demonstrated !== null || outcome !== "pass",
    );
  const cellOf = ({ role, session, expect }: ProbeResult): LadderCell | undefined =>
    cells.find((cell) => cell.role === role && cell.kind === session && cell.expect === expect);
  const others = probes.filter((probe) => cellOf(probe) === undefined);
  // A cell that failed does not say that another session of it could not be judged.
  const unknown = probes.filter((probe) => probe.outcome === "unknown" && cellOf(probe)?.outcome === "fail");
  return [
    ...cells.map(sessionFinding),
    ...others.map((probe) => probeFinding(probe, "exempt")),
    ...unknown.map((probe) => probeFinding(probe, `as ${probe.user}, ${probe.via}`)),
  ];
}

function probeFinding(probe: ProbeResult, about: string): Finding {
  const { session, role, user, via, expect, withinSeconds, outcome, reason } = probe;
  return {
    check: "session-ends",
    subject: `${session}, ${about}`,
    control: "host",
    role,
    expected: expect === "kept" ? "is kept" : `ends within ${formatDuration(withinSeconds)}`,
    actual: reason,
    source: `${via} as ${visible(user)}`,
    evidence: outcome === "unknown" ? "configured" : "demonstrated",
    outcome,
  };
}
