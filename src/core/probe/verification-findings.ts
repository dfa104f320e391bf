/** What stands behind a verification's sessions: lines that do nothing, settings that win, an sshd that never reloaded. Pure. */
import type { Control } from "../../model/control/control.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Finding, LadderCell } from "../../model/verdict/finding.ts";
import { type HostPlan, RELOAD_SSHD } from "../../model/change/plan.ts";
import type { ProbeResult } from "../../model/change/run.ts";
import { sessionFinding } from "../ending/ladder-finding.ts";
import { daemonFinding, otherDaemons } from "../ending/daemon-current.ts";
import { findingKey } from "../verdict/finding-key.ts";
import { inertFindings } from "../ending/inert-lines.ts";

/**
 * Findings that name the lines where configuration and behaviour disagree. They count as much as the
 * sessions that were opened: where those ended all the same, a line that does nothing is a remark
 * (`pass`). What no session was opened for is left to the ladder.
 */
export function verificationFindings(
  facts: Facts,
  controls: readonly Control[],
  plan: Pick<HostPlan, "findings">,
  cells: readonly LadderCell[],
  probes: readonly ProbeResult[],
): Finding[] {
  const seen = cells.filter((cell) =>
    probes.some(({ role, session }) => role === cell.role && session === cell.kind),
  );
  const findings = [
    ...inertFindings(facts, controls, seen),
    ...winningSettings(plan.findings, seen),
    ...othersOf(seen, probes),
    ...daemonFindings(facts, controls, probes),
    // No session came through them, live or in the shadow.
    ...(probes.length > 0 ? otherDaemons(facts) : []),
  ];
  return [...new Map(findings.map((finding) => [findingKey(finding), finding])).values()];
}

/** A session that ended speaks for whom the same settings hold; what is known of a role's other members counts too. */
function othersOf(seen: readonly LadderCell[], probes: readonly ProbeResult[]): Finding[] {
  const passed = ({ role, kind, expect }: LadderCell): boolean =>
    probes.some(
      (probe) =>
        probe.outcome === "pass" && probe.role === role && probe.session === kind && probe.expect === expect,
    );
  return seen
    .filter((cell) => cell.demonstrated === null && ["fail", "unknown"].includes(cell.outcome))
    .filter(passed)
    .map(sessionFinding);
}

/** Only what may explain a session that did not end: the plan says the rest. */
function winningSettings(findings: readonly Finding[], seen: readonly LadderCell[]): Finding[] {
  const failed = new Set(seen.filter(({ outcome }) => outcome === "fail").map(({ kind }) => kind));
  return findings.filter(
    ({ check, outcome }) =>
      outcome !== "pass" &&
      ((check === "foreign-setting" && failed.size > 0) ||
        (check === "foreign-timeout" && failed.has("idle-shell"))),
  );
}

/**
 * The shadow instance reads what is on disk, so what its sessions show of sshd holds for the running
 * daemon only if that has read the same. Where nobody can tell, a live session shows it: of its own role,
 * kind and mechanism, for an older file may hold all the others.
 */
function daemonFindings(
  facts: Facts,
  controls: readonly Control[],
  probes: readonly ProbeResult[],
): Finding[] {
  const finding = daemonFinding(facts);
  if (finding.outcome === "pass" || probes.length === 0) return [];
  const stale = finding.outcome === "fail";
  const bySshd = new Set(
    controls
      .filter(({ activation }) => activation?.name === RELOAD_SSHD)
      .flatMap(({ mechanisms }) => mechanisms),
  );
  if (stale && probes.some(({ outcome }) => outcome === "fail")) return [finding];
  const passed = probes.filter(({ outcome, by }) => outcome === "pass" && bySshd.has(by));
  const live = passed.filter(({ via }) => via === "live");
  const doubtful = passed
    .filter(({ via }) => via === "shadow")
    .some((shadow) => stale || !live.some((each) => showsTheSame(each, shadow)));
  return [{ ...finding, outcome: doubtful ? "unknown" : "pass" }];
}

function showsTheSame(left: ProbeResult, right: ProbeResult): boolean {
  return left.role === right.role && left.session === right.session && left.by === right.by;
}
