import type { AuditedHost, AuditRun } from "../../model/record/audit.ts";
import { CHECKS } from "../../model/verdict/check.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { EvidenceFile } from "../../model/verdict/evidence.ts";
import type { ProbeResult } from "../../model/change/run.ts";
import { markup, plain } from "./text.ts";
import { keyedFindings, reportedFindings } from "../format/reported-findings.ts";
import { stableUuid } from "../format/uuid.ts";

/** Namespace of curfew's own properties. */
const NAMESPACE = "urn:curfew:oscal";

/** A finding and the host it is about; none: the fleet. */
export interface Observed {
  readonly key: string;
  readonly host?: AuditedHost;
  readonly finding: Finding;
}

/** Every finding of the audit, fleet first, then host by host. */
export function* observed(run: AuditRun): Generator<Observed> {
  yield* keyedFindings(run.findings);
  for (const host of run.hosts) {
    for (const { key, finding } of keyedFindings(reportedFindings(host))) yield { key, host, finding };
  }
}

/** The id of a finding's observation: the same run, host and key, the same id. */
export function observationUuid(run: AuditRun, { key, host }: Observed): string {
  return stableUuid("observation", run.runId, host?.host ?? "", key);
}

/** An observation per finding, one per session that was opened, and one per host for what was kept. */
export function* observations(run: AuditRun): Generator<object> {
  for (const item of observed(run)) yield findingObservation(run, item);
  for (const host of run.hosts) {
    for (const [index, probe] of host.probes.entries()) yield probeObservation(run, host, probe, index);
    if (host.evidence.length > 0) yield evidenceObservation(run, host);
  }
}

export const hostUuid = (run: AuditRun, host: string): string => stableUuid("host", run.runId, host);
export const toolUuid = (run: AuditRun): string => stableUuid("tool", run.curfew);
export const evidenceUuid = (run: AuditRun, host: string, { path }: EvidenceFile): string =>
  stableUuid("evidence", run.runId, host, path);

/** curfew as the one who says so. */
export const origins = (run: AuditRun): object[] => [
  { actors: [{ type: "tool", "actor-uuid": toolUuid(run) }] },
];

export const property = (name: string, value: string): object => ({
  name,
  ns: NAMESPACE,
  value: plain(value),
});

function findingObservation(run: AuditRun, item: Observed): object {
  const { key, host, finding } = item;
  const { check, control, role, expected, actual, source, evidence, outcome } = finding;
  const kept = host?.evidence.filter(({ title }) => isBehind(finding, title)) ?? [];
  return {
    uuid: observationUuid(run, item),
    title: CHECKS[check].title,
    description: `${markup(control)}, role ${markup(role)}: expected ${markup(expected)}, found ${markup(actual)} (${markup(source)})`,
    props: [property("outcome", outcome), property("evidence", evidence), property("finding-key", key)],
    methods: [evidence === "demonstrated" ? "TEST" : "EXAMINE"],
    types: ["control-objective"],
    origins: origins(run),
    ...about(run, host),
    ...relevantEvidence(run, host, kept),
    collected: run.finishedAt,
  };
}

/** A file is behind a finding whose source is the command that it holds the answer of, or the session it shows. */
function isBehind({ check, role, subject, source }: Finding, title: string): boolean {
  if (check === "session-ends") return subject !== undefined && title.includes(`${subject} ${role} (`);
  return source.split(/[;,] /u).includes(title);
}

function probeObservation(run: AuditRun, host: AuditedHost, probe: ProbeResult, index: number): object {
  const { session, role, user, via, scaled, expect, withinSeconds, droppedAfterSeconds, by } = probe;
  const seen =
    droppedAfterSeconds === null ? "it was kept" : `it ended after ${droppedAfterSeconds} s (${by})`;
  const name = `${session} ${role} (${user}, ${via})`;
  const kept = host.evidence.filter(
    ({ path, title }) => title.includes(name) || path.endsWith("/probes.ndjson"),
  );
  return {
    uuid: stableUuid("probe", run.runId, host.host, String(index)),
    title: `A real session, left idle: ${session}`,
    description: `As ${markup(user)} for role ${markup(role)}, ${via}: to be ${expect} within ${withinSeconds} s; ${seen}. ${markup(probe.reason)}`,
    props: [
      property("outcome", probe.outcome),
      property("via", via),
      ...(scaled === undefined ? [] : [property("scaled-seconds", String(scaled))]),
    ],
    methods: ["TEST"],
    types: ["control-objective"],
    origins: origins(run),
    ...about(run, host),
    ...relevantEvidence(run, host, kept),
    collected: run.finishedAt,
  };
}

function evidenceObservation(run: AuditRun, host: AuditedHost): object {
  return {
    uuid: stableUuid("kept", run.runId, host.host),
    title: "What was read and kept as evidence",
    description: `Effective settings and transcripts of ${markup(host.host)}, with their digests`,
    methods: ["EXAMINE"],
    types: ["discovery"],
    origins: origins(run),
    ...about(run, host),
    ...relevantEvidence(run, host, host.evidence),
    collected: run.finishedAt,
  };
}

function about(run: AuditRun, host: AuditedHost | undefined): object {
  if (host === undefined) return {};
  const subject = {
    "subject-uuid": hostUuid(run, host.host),
    type: "inventory-item",
    title: markup(host.host),
  };
  return { subjects: [subject] };
}

function relevantEvidence(
  run: AuditRun,
  host: AuditedHost | undefined,
  files: readonly EvidenceFile[],
): object {
  if (host === undefined || files.length === 0) return {};
  const evidence = files.map((file) => ({
    href: `#${evidenceUuid(run, host.host, file)}`,
    description: markup(file.title),
  }));
  return { "relevant-evidence": evidence };
}
