/** What both stores make of their rows: a run, whole although it was never finished, or that it is not there. */
import { didYouMean, shown } from "../../core/text/nearest.ts";
import type {
  AuditedHost,
  AuditHeader,
  AuditRun,
  ProfileInfo,
  RunSummary,
} from "../../model/record/audit.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Finding } from "../../model/verdict/finding.ts";

/** A run without its hosts. */
export interface StoredHead {
  readonly header: AuditHeader;
  /** The names that it was begun with. */
  readonly planned: readonly string[];
  readonly findings: readonly Finding[];
}

/** How far a run came; times are ISO. */
export interface StoredEnd {
  readonly finished: string | null;
  readonly written: string;
  readonly state: RunSummary["state"];
}

/** What both stores have in a row of `run`. */
export interface RunColumns {
  readonly id: number;
  readonly name: string;
  readonly started: string;
  readonly finished: string | null;
  readonly written: string;
  readonly policy: string;
  readonly profile: string | null;
  readonly host_limit: string;
  readonly header: number;
  readonly baseline: number | null;
  readonly planned: number;
  readonly findings: number;
  readonly hosts_pass: number;
  readonly hosts_fail: number;
  readonly hosts_unknown: number;
  readonly findings_pass: number;
  readonly findings_fail: number;
  readonly findings_unknown: number;
  readonly findings_waived: number;
}

/** What both stores have of a host of a run. */
export type HostColumns = Pick<AuditedHost, "host" | "outcome"> &
  Readonly<Record<"position" | "findings" | "about", number>> &
  Readonly<Record<"ladder" | "probes" | "drift" | "evidence", number | null>>;

/** Reads what is stored once, by its id. */
export interface PartReader {
  get<T>(id: number): T;
  list(id: number): readonly Finding[];
}

/** One baseline, or several and what they come to. */
type Baselines = ProfileInfo | Required<Pick<AuditHeader, "profile" | "profiles">>;

/** What of a host is stored as one part. */
type AboutHost = Pick<AuditedHost, "description" | "profile" | "error">;

/** The rules of baselines are most of a header, and the same each time, so they are stored by themselves. */
export function withoutBaselines({ profiles, ...plain }: AuditHeader): {
  readonly plain: AuditHeader;
  readonly baselines: Baselines | null;
} {
  const { profile } = plain;
  const several = profiles === undefined || profile === null ? profile : { profile, profiles };
  return { plain: { ...plain, profile: null }, baselines: several };
}

/** The header as it was. */
function withBaselines(plain: AuditHeader, stored: Baselines | null): AuditHeader {
  const profiles = stored !== null && "profiles" in stored ? stored : { profile: stored };
  return { ...plain, ...profiles };
}

/** One line of the history. */
export function summaryOfRun(
  row: RunColumns,
  { state, verified }: Pick<RunSummary, "state" | "verified">,
): RunSummary {
  return {
    runId: row.name,
    startedAt: row.started,
    finishedAt: row.finished,
    state,
    policy: row.policy,
    profile: row.profile,
    verified,
    hosts: { pass: row.hosts_pass, fail: row.hosts_fail, unknown: row.hosts_unknown },
    findings: {
      pass: row.findings_pass,
      fail: row.findings_fail,
      unknown: row.findings_unknown,
      waived: row.findings_waived,
    },
  };
}

/** A run without its hosts, and the names of those it was begun with. */
export function headOfRun(
  { header, baseline, planned, findings }: RunColumns,
  parts: PartReader,
): StoredHead {
  const baselines = baseline === null ? null : parts.get<Baselines>(baseline);
  return {
    header: withBaselines(parts.get<AuditHeader>(header), baselines),
    planned: parts.get<string[]>(planned),
    findings: parts.list(findings),
  };
}

/** A host as it was judged. */
export function hostOfRow({ host, outcome, ...row }: HostColumns, parts: PartReader): AuditedHost {
  const part = <T>(id: number | null): readonly T[] => (id === null ? [] : parts.get<readonly T[]>(id));
  const { description, profile, error } = parts.get<AboutHost>(row.about);
  return {
    host,
    outcome,
    description,
    ...(profile === undefined ? {} : { profile }),
    findings: parts.list(row.findings),
    ladder: part(row.ladder),
    probes: part(row.probes),
    drift: part(row.drift),
    evidence: part(row.evidence),
    ...(error === undefined ? {} : { error }),
  };
}

/** The part of a host that is neither found nor tried. */
export function aboutHost({ description, profile, error }: AuditedHost): AboutHost {
  return {
    description,
    ...(profile === undefined ? {} : { profile }),
    ...(error === undefined ? {} : { error }),
  };
}

/** One that is not finished says so in a finding, and has the hosts that never came as `unknown`. */
export function wholeRun(
  { header, planned, findings }: StoredHead,
  hosts: readonly AuditedHost[],
  { finished, written, state }: StoredEnd,
): AuditRun {
  if (finished !== null) return { ...header, finishedAt: finished, findings, hosts };
  const byName = new Map(hosts.map((host) => [host.host, host]));
  const wanted = new Set(planned);
  return {
    ...header,
    finishedAt: written,
    findings: [...findings, unfinished(state, hosts.length, planned.length)],
    hosts: [
      ...planned.map((name) => byName.get(name) ?? missing(name, state)),
      ...hosts.filter(({ host }) => !wanted.has(host)),
    ],
  };
}

/** For a run that is not there; `names`: those that are. */
export function noSuchRun(
  runId: string,
  names: readonly string[],
  table: "run" | "applied" = "run",
): CurfewError {
  const what = table === "run" ? "audit" : "run that changed hosts with the id";
  return new CurfewError(
    "input",
    `there is no ${what} ${shown(runId)} in the history${didYouMean(runId, names)}`,
    { hint: table === "run" ? "curfew history lists them" : "curfew serve lists them under Applied" },
  );
}

/** For a run that is to begin with the name of one that is there. */
export function takenRun(runId: string): CurfewError {
  return new CurfewError("input", `the audit ${runId} is in the history already`);
}

/**
 * Of the runs whose name begins so, the one that is meant; undefined where there is none. Errors: CurfewError `input`
 * for several.
 */
export function onlyRun<T extends { readonly name: string }>(
  rows: readonly T[],
  begin: string,
): T | undefined {
  const exact = rows.find(({ name }) => name === begin);
  if (exact !== undefined) return exact;
  const [first, ...more] = begin === "" ? [] : rows;
  if (first === undefined || more.length === 0) return first;
  throw new CurfewError("input", `several audits begin with ${shown(begin)}`, {
    hint: `write more of one of ${rows.map(({ name }) => name).join(", ")}`,
  });
}

function unfinished(state: RunSummary["state"], judged: number, planned: number): Finding {
  const of = planned === 0 ? "" : ` of ${planned}`;
  return {
    check: "host-judged",
    control: "host",
    role: "*",
    subject: "audit",
    expected: "an audit that came to its end",
    actual: `${state === "running" ? "still running" : "broken off"} after ${judged}${of} hosts`,
    source: "curfew history",
    evidence: "configured",
    outcome: "unknown",
  };
}

function missing(host: string, state: RunSummary["state"]): AuditedHost {
  const message = `the audit ${state === "running" ? "has not come to this host yet" : "was broken off before this host"}`;
  const empty = { findings: [], ladder: [], probes: [], drift: [], evidence: [] };
  return { host, outcome: "unknown", description: "", ...empty, error: { code: "interrupted", message } };
}
