/** What stands behind a verification's sessions: lines that do nothing, settings that win, an sshd that never reloaded. Pure. */
import type { Facts } from "../model/facts.ts";
import type { Finding, LadderCell } from "../model/finding.ts";
import type { HostPlan } from "../model/plan.ts";
import type { ProbeResult } from "../model/run.ts";
import { daemonFinding, otherDaemons } from "./daemon-current.ts";
import { findingKey } from "./finding-key.ts";
import { inertFindings } from "./inert-lines.ts";

/**
 * Findings that name the lines where configuration and behaviour disagree. They count as much as the
 * sessions that were opened: where those ended all the same, a line that does nothing is a remark
 * (`pass`). What no session was opened for is left to the ladder.
 */
export function verificationFindings(
  facts: Facts,
  plan: Pick<HostPlan, "findings">,
  cells: readonly LadderCell[],
  probes: readonly ProbeResult[],
): Finding[] {
  const seen = cells.filter((cell) =>
    probes.some(({ role, session }) => role === cell.role && session === cell.kind),
  );
  const findings = [
    ...inertFindings(facts, seen),
    ...winningSettings(plan.findings, seen),
    ...daemonFindings(facts, probes),
    // No session came through them, live or in the shadow.
    ...(probes.length > 0 ? otherDaemons(facts) : []),
  ];
  return [...new Map(findings.map((finding) => [findingKey(finding), finding])).values()];
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

const BY_SSHD: ReadonlySet<ProbeResult["by"]> = new Set([
  "ChannelTimeout",
  "ClientAlive",
  "UnusedConnectionTimeout",
]);

/**
 * The shadow instance reads what is on disk, so what its sessions show of sshd holds for the running
 * daemon only if that has read the same.
 */
function daemonFindings(facts: Facts, probes: readonly ProbeResult[]): Finding[] {
  const finding = daemonFinding(facts);
  if (finding.outcome === "pass" || probes.length === 0) return [];
  const passed = (via: ProbeResult["via"]): boolean =>
    probes.some((probe) => probe.via === via && probe.outcome === "pass" && BY_SSHD.has(probe.by));
  const stale = finding.outcome === "fail";
  if (stale && probes.some(({ outcome }) => outcome === "fail")) return [finding];
  const doubtful = passed("shadow") && (stale || !passed("live"));
  return [{ ...finding, outcome: doubtful ? "unknown" : "pass" }];
}
