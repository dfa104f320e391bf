/** Everything an audit says about one host, from its facts, its plan and the sessions that were opened. Pure. */
import type { AuditedHost } from "../../model/record/audit.ts";
import type { ErrorData } from "../../model/terms/error.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Finding, LadderCell } from "../../model/verdict/finding.ts";
import type { EvidenceFile } from "../../model/verdict/evidence.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { HostPlan } from "../../model/change/plan.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import type { ProbeResult } from "../../model/change/run.ts";
import type { SessionKind } from "../../model/terms/session-kind.ts";
import { worstByKey } from "./changes.ts";
import { driftOf, fileFindings } from "./files.ts";
import { sessionFindings } from "./sessions.ts";
import { settingFindings } from "./settings.ts";
import { configuredFindings } from "../verdict/configured-finding.ts";
import { outcomeOfAll } from "../verdict/outcome.ts";

/** What is known of a host that could be read. */
export interface HostEvidence {
  readonly facts: Facts;
  /** The baseline that the host has, where the policy names several. */
  readonly profile?: string;
  readonly limits: HostLimits;
  readonly plan: HostPlan;
  readonly selected: readonly ControlId[];
  readonly ladder: readonly LadderCell[];
  /** Kinds of session whose end the audit answers for; the others are shown and not judged. */
  readonly sessions: readonly SessionKind[];
  /** From the baseline, from inert lines, from probing. */
  readonly more: readonly Finding[];
  readonly probes: readonly ProbeResult[];
  readonly evidence: readonly EvidenceFile[];
  /** Set where sessions had to be opened and could not be. */
  readonly probeError?: ErrorData | undefined;
}

const finding = configuredFindings("host");

/**
 * Judges one host. A host on which the plan stopped (no OpenSSH, a file nobody could read) has its error and
 * is `unknown`, with whatever else was found.
 */
export function auditHost({ plan, ...known }: HostEvidence): AuditedHost {
  const { facts, limits, selected } = known;
  const error = plan.error ?? known.probeError;
  const sessions = sessionFindings(known.ladder, known.sessions, known.probes);
  const judged =
    plan.error === undefined
      ? [
          ...fileFindings(facts, plan, selected),
          ...settingFindings(facts, limits, plan, selected),
          ...sessions,
        ]
      : [];
  const all = [
    judgedFinding(error),
    ...judged,
    ...relevant(plan.findings, sessions, known.ladder),
    ...known.more,
  ];
  // Where two sources say the same, the worse outcome stays.
  const findings = [...worstByKey(all).values()];
  return {
    host: plan.host,
    outcome: outcomeOfAll(findings),
    description: plan.description,
    ...(known.profile === undefined ? {} : { profile: known.profile }),
    findings,
    ladder: known.ladder,
    probes: known.probes,
    drift: driftOf(plan),
    evidence: known.evidence,
    ...(error === undefined ? {} : { error }),
  };
}

/** A host that could not be reached or read. */
export function lostHost(host: string, error: ErrorData): AuditedHost {
  const findings = [judgedFinding(error)];
  return {
    host,
    outcome: "unknown",
    description: "",
    findings,
    ladder: [],
    probes: [],
    drift: [],
    evidence: [],
    error,
  };
}

/** Whether the host could be read at all. */
export function judgedFinding(error: ErrorData | undefined): Finding {
  return error === undefined
    ? finding("host-judged", "*", "the host can be read and judged", "it was", "curfew audit", "pass")
    : finding(
        "host-judged",
        "*",
        "the host can be read and judged",
        error.message,
        "curfew audit",
        "unknown",
      );
}

/**
 * What a version cannot do counts against a host where a session that is judged suffers from it: where another
 * mechanism ends those in time, the ladder still shows what becomes of the rest. Kept where no session is judged.
 */
function relevant(
  findings: readonly Finding[],
  sessions: readonly Finding[],
  cells: readonly LadderCell[],
): Finding[] {
  return findings.filter(
    (each) =>
      each.outcome !== "fail" ||
      !UNABLE.has(each.check) ||
      !isServed(each, sessions) ||
      (each.control === "shell-timeout" && restsOnShells(each, cells)),
  );
}

const UNABLE: ReadonlySet<Finding["check"]> = new Set(["version-ability", "backstop"]);

/** Whether every judged session that the finding is about ends in time all the same. */
function isServed({ role, subject }: Finding, sessions: readonly Finding[]): boolean {
  const own = sessions
    .filter((session) => role === "*" || session.role === role)
    .filter((session) => (session.subject === "frozen-client") === (subject === "unresponsive clients"));
  return own.length > 0 && own.every(({ outcome }) => outcome === "pass" || outcome === "waived");
}

/**
 * Whether idle shells of some role end by TMOUT and nothing else. One that ended in time is no answer to what the
 * finding says: that another login shell of somebody does not heed TMOUT, or not in time.
 */
function restsOnShells({ role }: Finding, cells: readonly LadderCell[]): boolean {
  const shells = cells.filter((cell) => cell.kind === "idle-shell" && (role === "*" || cell.role === role));
  return shells.some(({ outcome, configured, effective, demonstrated }) => {
    const rungs = [configured, effective, demonstrated].filter((rung) => rung !== null);
    return outcome !== "waived" && rungs.length > 0 && rungs.every(({ by }) => by === "TMOUT");
  });
}
