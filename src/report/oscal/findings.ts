import type { AuditRun, OutcomeCounts } from "../../model/record/audit.ts";
import { countOutcomes } from "../../core/verdict/outcome.ts";
import { CHECKS } from "../../model/verdict/check.ts";
import { controlsOf } from "./objectives.ts";
import { type Observed, observationUuid, observed, origins, property } from "./observations.ts";
import { markup } from "./text.ts";
import { stableUuid } from "../format/uuid.ts";

/** What was observed about one control over the whole fleet. */
export interface Objective {
  /** OSCAL id of the control: `ac-2.5`. */
  readonly control: string;
  readonly counts: OutcomeCounts;
  /** Observations that neither pass nor are of a host to which nothing of this applies, and the risks that follow. */
  readonly against: readonly string[];
  readonly risks: readonly string[];
}

interface Tally extends Objective {
  readonly counts: { -readonly [Outcome in keyof OutcomeCounts]: number };
  readonly against: string[];
  readonly risks: string[];
}

/** The controls about which anything was observed, in the order of their ids. */
export function objectives(run: AuditRun): readonly Objective[] {
  const tallies = new Map<string, Tally>();
  const controls = controlsOf(run.profile);
  for (const item of observed(run)) {
    const { outcome } = item.finding;
    const against = outcome !== "pass" && outcome !== "not-applicable";
    const uuid = against ? observationUuid(run, item) : "";
    for (const control of controls(item.finding)) {
      const tally = tallies.get(control) ?? emptyTally(control);
      tallies.set(control, tally);
      tally.counts[outcome]++;
      if (against) tally.against.push(uuid);
      if (isRisk(item)) tally.risks.push(riskUuid(run, uuid));
    }
  }
  return [...tallies.values()].toSorted((a, b) => (a.control < b.control ? -1 : 1));
}

/**
 * One finding per control objective of NIST SP 800-53A. It is satisfied only where every observation
 * passes, but for those of hosts to which nothing of it applies: what nobody could judge and what was waived leave it
 * not satisfied, for the reason `other`, and so does a control that applies to none of the hosts.
 */
export function oscalFinding(run: AuditRun, objective: Objective): object {
  const { control, counts, against, risks: due } = objective;
  const applies = against.length > 0 || counts.pass > 0;
  const satisfied = applies && against.length === 0;
  const related = against.length === 0 ? notAgainst(run, control) : against;
  return {
    uuid: stableUuid("finding", run.runId, control),
    title: `Idle sessions and ${control.toUpperCase()}`,
    description: `Observations on ${run.hosts.length} hosts: ${sumText(counts)}.`,
    origins: origins(run),
    target: {
      type: "objective-id",
      "target-id": `${control}_obj`,
      status: {
        state: satisfied ? "satisfied" : "not-satisfied",
        reason: satisfied ? "pass" : counts.fail > 0 ? "fail" : "other",
        remarks: `As far as curfew observes it, which is idle sessions over SSH. ${run.verified ? "Real sessions were opened." : "No real sessions were opened."}`,
      },
      ...(applies ? {} : { "implementation-status": { state: "not-applicable" } }),
    },
    "related-observations": related.map((uuid) => ({ "observation-uuid": uuid })),
    ...(due.length === 0 ? {} : { "related-risks": due.map((uuid) => ({ "risk-uuid": uuid })) }),
  };
}

function sumText(counts: OutcomeCounts): string {
  const { "not-applicable": apart = 0 } = counts;
  const sum = `${counts.pass} passed, ${counts.fail} failed, ${counts.unknown} could not be judged, ${counts.waived} waived`;
  return apart === 0 ? sum : `${sum}, ${apart} did not apply`;
}

function notAgainst(run: AuditRun, control: string): string[] {
  const controls = controlsOf(run.profile);
  const uuids: string[] = [];
  for (const item of observed(run)) {
    if (controls(item.finding).includes(control)) uuids.push(observationUuid(run, item));
  }
  return uuids;
}

/** Whether anything failed or was waived: then there are risks. */
export function hasRisks(run: AuditRun): boolean {
  for (const item of observed(run)) if (isRisk(item)) return true;
  return false;
}

/** A risk per failed finding, open, and per waived one, as a deviation that its owner approved. */
export function* risks(run: AuditRun): Generator<object> {
  for (const item of observed(run)) if (isRisk(item)) yield risk(run, item);
}

function risk(run: AuditRun, item: Observed): object {
  const { host, finding, key } = item;
  const uuid = observationUuid(run, item);
  const { check, expected, actual, outcome, waiver } = finding;
  const where = host === undefined ? `policy ${run.policy.name}` : host.host;
  return {
    uuid: riskUuid(run, uuid),
    title: `${markup(where)}: ${CHECKS[check].title} - not so`,
    description: `Expected ${markup(expected)}, found ${markup(actual)}`,
    statement: CHECKS[check].help,
    props: [property("finding-key", key)],
    status: outcome === "waived" ? "deviation-approved" : "open",
    origins: origins(run),
    ...(waiver === undefined ? {} : { "mitigating-factors": [waiverFactor(run, uuid, waiver)] }),
    "related-observations": [{ "observation-uuid": uuid }],
  };
}

function waiverFactor(run: AuditRun, uuid: string, waiver: string): object {
  return {
    uuid: stableUuid("waiver", run.runId, uuid),
    description: `Waived by the policy: ${markup(waiver)}`,
  };
}

function isRisk({ finding }: Observed): boolean {
  return finding.outcome === "fail" || finding.outcome === "waived";
}

/** From the id of the observation that the risk follows from. */
function riskUuid(run: AuditRun, uuid: string): string {
  return stableUuid("risk", run.runId, uuid);
}

function emptyTally(control: string): Tally {
  return { control, counts: countOutcomes([]), against: [], risks: [] };
}
