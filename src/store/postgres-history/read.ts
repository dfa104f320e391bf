/** Audits read back from the history. Everything here runs inside one snapshot. */
import type { AuditedHost, AuditRun, RunSummary } from "../../model/record/audit.ts";
import type { RunFilter } from "../../model/record/history.ts";
import type { DatabaseSession } from "../postgres/session.ts";
import {
  headOfRun,
  type HostColumns,
  hostOfRow,
  noSuchRun,
  onlyRun,
  type RunColumns,
  type StoredEnd,
  type StoredHead,
  summaryOfRun,
  wholeRun,
} from "../history-record/run.ts";
import { HELD } from "./schema.ts";
import { createStoredReader } from "./stored-reader.ts";
import { COUNTS } from "./write.ts";

/** A connection within a snapshot, and how messages call its database. */
export interface Snapshot {
  readonly session: DatabaseSession;
  readonly where: string;
}

/** A row of `run`, with the counts of what is there so far. */
export interface StoredRun extends RunColumns {
  /** Of the newest host; null where there is none, or the run is finished. */
  readonly host_written: number | null;
  /** Somebody holds its lock. */
  readonly alive: boolean;
  readonly verified: boolean;
}

/** Rows of runs; `chosen`: what comes after FROM curfew.run. */
export const SELECT_RUNS = (chosen: string): string => `
  WITH chosen AS (SELECT * FROM curfew.run ${chosen}),
  alive AS MATERIALIZED (
    SELECT objid::bigint AS run FROM pg_locks
    WHERE ${HELD} AND EXISTS (SELECT FROM chosen WHERE finished IS NULL))
  SELECT r.id, name, started, finished, r.written, c.written AS host_written, policy, profile, verified, host_limit,
         header, baseline, planned, r.findings,
         finished IS NULL AND EXISTS (SELECT FROM alive WHERE run = r.id) AS alive,
         hosts_pass + coalesce(c.pass, 0) AS hosts_pass, hosts_fail + coalesce(c.fail, 0) AS hosts_fail,
         hosts_unknown + coalesce(c.unknown, 0) AS hosts_unknown,
         r.findings_pass + coalesce(c.findings_pass, 0) AS findings_pass,
         r.findings_fail + coalesce(c.findings_fail, 0) AS findings_fail,
         r.findings_unknown + coalesce(c.findings_unknown, 0) AS findings_unknown,
         r.findings_waived + coalesce(c.findings_waived, 0) AS findings_waived
  FROM chosen r LEFT JOIN LATERAL (${COUNTS} WHERE h.run = r.id AND r.finished IS NULL) AS c ON true
  ORDER BY started DESC, id DESC`;

/** The runs of a filter, newest last. */
export async function selectStored(
  snapshot: Snapshot,
  { policy, since, finished, last, like }: RunFilter,
): Promise<StoredRun[]> {
  const than = like === undefined ? undefined : await storedRun(snapshot, like);
  // A parameter that may be null says of which type it is null.
  const rows = await snapshot.session.rows<StoredRun>(
    SELECT_RUNS(`
      WHERE ($1::text IS NULL OR policy = $1) AND ($2::text IS NULL OR started >= $2)
        AND ($3::text IS NULL OR (policy = $3 AND host_limit = $4 AND (started, id) <= ($5, $6::int)))
        AND (NOT $8::boolean OR finished IS NOT NULL)
      ORDER BY started DESC, id DESC LIMIT $7::bigint`),
    [
      policy ?? null,
      since === undefined ? null : new Date(since).toISOString(),
      than?.policy ?? null,
      than?.host_limit ?? null,
      than?.started ?? null,
      than?.id ?? null,
      last ?? null,
      finished ?? false,
    ],
  );
  return rows.toReversed();
}

/** The run with that id. Errors: CurfewError `input`, naming the nearest. */
export async function storedRun({ session }: Snapshot, runId: string): Promise<StoredRun> {
  const [row] = await session.rows<StoredRun>(SELECT_RUNS("WHERE name = $1"), [runId]);
  if (row !== undefined) return row;
  const known = await session.rows<{ name: string }>(
    "SELECT name FROM curfew.run ORDER BY started DESC, id DESC LIMIT 1000",
  );
  throw noSuchRun(
    runId,
    known.map(({ name }) => name),
  );
}

/** The run with that id, or the only one whose id begins so. Errors: CurfewError `input`. */
export async function findStored(snapshot: Snapshot, begin: string): Promise<StoredRun> {
  const rows = await snapshot.session.rows<{ name: string }>(
    "SELECT name FROM curfew.run WHERE starts_with(name, $1) ORDER BY started, id LIMIT 4",
    [begin],
  );
  return storedRun(snapshot, onlyRun(rows, begin)?.name ?? begin);
}

/** The newest finished run before that one with the same policy and `-l`. */
export async function previousStored(snapshot: Snapshot, runId: string): Promise<StoredRun | undefined> {
  const { policy, host_limit: limit, started, id } = await storedRun(snapshot, runId);
  const [row] = await snapshot.session.rows<StoredRun>(
    SELECT_RUNS(`
      WHERE policy = $1 AND host_limit = $2 AND finished IS NOT NULL AND (started, id) < ($3, $4::int)
      ORDER BY started DESC, id DESC LIMIT 1`),
    [policy, limit, started, id],
  );
  return row;
}

/** One line of the history. */
export function summaryOfStored(row: StoredRun): RunSummary {
  return summaryOfRun(row, { state: endOf(row).state, verified: row.verified });
}

/** How far a run came. */
export function endOf({ finished, written, host_written: host, alive }: StoredRun): StoredEnd {
  const state = finished !== null ? "finished" : alive ? "running" : "broken-off";
  const last = host === null ? written : [written, new Date(host).toISOString()].toSorted().at(-1);
  return { finished, written: last ?? written, state };
}

/** A run without its hosts. */
export async function headOf({ session, where }: Snapshot, row: StoredRun): Promise<StoredHead> {
  const reader = createStoredReader(session, where);
  await reader.fetch([row.header, row.baseline, row.planned]);
  await reader.fetchLists([row.findings]);
  return headOfRun(row, reader);
}

/** Hosts that are read at once. */
const PAGE = 500;

/** Reads a run's hosts, or only one, in the order of the inventory. What hosts share they share in memory, too. */
export async function* hostsOf(
  { session, where }: Snapshot,
  run: number,
  only?: string,
): AsyncGenerator<AuditedHost, void, undefined> {
  const reader = createStoredReader(session, where);
  let after = { position: -1, host: "" };
  for (;;) {
    const rows = await session.rows<HostColumns>(
      `SELECT host.name AS host, position, outcome, findings, about, ladder, probes, drift, evidence
       FROM curfew.run_host JOIN curfew.host ON host.id = run_host.host
       WHERE run = $1 AND (position, host.name) > ($2, $3) AND ($4::text IS NULL OR host.name = $4)
       ORDER BY position, host.name LIMIT ${PAGE}`,
      [run, after.position, after.host, only ?? null],
    );
    await reader.fetchLists(rows.map(({ findings }) => findings));
    await reader.fetch(
      rows.flatMap(({ about, ladder, probes, drift, evidence }) => [about, ladder, probes, drift, evidence]),
    );
    for (const row of rows) yield hostOfRow(row, reader);
    after = rows.at(-1) ?? after;
    if (rows.length < PAGE) return;
  }
}

/** A whole run. */
export async function loadStored(snapshot: Snapshot, runId: string): Promise<AuditRun> {
  const row = await storedRun(snapshot, runId);
  const head = await headOf(snapshot, row);
  const hosts = [];
  for await (const host of hostsOf(snapshot, row.id)) hosts.push(host);
  return wholeRun(head, hosts, endOf(row));
}
