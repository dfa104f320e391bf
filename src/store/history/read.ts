/** Audits read back from the history. */
import type { AuditedHost, AuditRun, RunSummary } from "../../model/record/audit.ts";
import type { CurfewError } from "../../model/terms/error.ts";
import type { RunFilter } from "../../model/record/history.ts";
import { createContentReader, createFindingReader } from "./contents.ts";
import type { Database } from "./database.ts";
import { lives, type ProcessName } from "./process.ts";
import {
  headOfRun,
  type HostColumns,
  hostOfRow,
  noSuchRun,
  onlyRun,
  type PartReader,
  type RunColumns,
  type StoredHead,
  summaryOfRun,
  wholeRun,
} from "../history-record/run.ts";

/** A row of `run`. */
export interface RunRow extends RunColumns {
  readonly process: string | null;
  readonly verified: number;
}

/** The runs of a filter, newest last. */
export function selectRuns(database: Database, { policy, since, finished, last, like }: RunFilter): RunRow[] {
  const than = like === undefined ? undefined : runRow(database, like);
  const rows = database.all<RunRow>(
    `SELECT * FROM run
     WHERE (?1 IS NULL OR policy = ?1) AND (?2 IS NULL OR started >= ?2)
       AND (?3 IS NULL OR (policy = ?3 AND host_limit = ?4 AND (started, id) <= (?5, ?6)))
       AND (?8 IS NULL OR finished IS NOT NULL)
     ORDER BY started DESC, id DESC LIMIT ?7`,
    policy ?? null,
    since === undefined ? null : new Date(since).toISOString(),
    than?.policy ?? null,
    than?.host_limit ?? null,
    than?.started ?? null,
    than?.id ?? null,
    last ?? -1,
    finished ? 1 : null,
  );
  return rows.toReversed();
}

/** The run with that id. Errors: CurfewError `input`, naming the nearest. */
export function runRow(database: Database, runId: string): RunRow {
  const row = database.get<RunRow>("SELECT * FROM run WHERE name = ?", runId);
  if (row !== undefined) return row;
  throw noRun(database, "run", runId);
}

/** What is said of an id that is not there. */
export function noRun(database: Database, table: "run" | "applied", runId: string): CurfewError {
  const sql = `SELECT name FROM ${table} ORDER BY started DESC, id DESC LIMIT 1000`;
  const names = database.all<{ name: string }>(sql).map(({ name }) => name);
  return noSuchRun(runId, names, table);
}

/** The run with that id, or the only one whose id begins so. Errors: CurfewError `input`. */
export function findRun(database: Database, begin: string): RunRow {
  const rows = database.all<RunRow>(
    "SELECT * FROM run WHERE substr(name, 1, length(?1)) = ?1 ORDER BY started, id LIMIT 4",
    begin,
  );
  return onlyRun(rows, begin) ?? runRow(database, begin);
}

/** The newest finished run before that one with the same policy and `-l`. */
export function previousRun(database: Database, runId: string): RunRow | undefined {
  const { policy, host_limit: limit, started, id } = runRow(database, runId);
  return database.get<RunRow>(
    `SELECT * FROM run WHERE policy = ? AND host_limit = ? AND finished IS NOT NULL AND (started, id) < (?, ?)
     ORDER BY started DESC, id DESC LIMIT 1`,
    policy,
    limit,
    started,
    id,
  );
}

/** One line of the history. */
export function summaryOf(row: RunRow): RunSummary {
  return summaryOfRun(row, { state: stateOf(row), verified: row.verified === 1 });
}

/** Whether the process that writes a run still lives is looked up each time; nothing of it is stored. */
export function stateOf({
  finished,
  process: writer,
}: Pick<RunRow, "finished" | "process">): RunSummary["state"] {
  if (finished !== null) return "finished";
  return writer !== null && lives(JSON.parse(writer) as ProcessName) ? "running" : "broken-off";
}

/** A run without its hosts, and the names of those it was begun with. */
export function readHeader(database: Database, row: RunRow): StoredHead {
  return headOfRun(row, partReader(database));
}

function partReader(database: Database): PartReader {
  return { get: createContentReader(database), list: createFindingReader(database).list };
}

/** Reads a run's hosts in the order of the inventory, those after a position. What hosts share they share in memory, too. */
export function* readHosts(
  database: Database,
  run: number,
  from = -1,
  page = 200,
): Generator<AuditedHost, void, undefined> {
  const parts = partReader(database);
  let after = from;
  for (;;) {
    // By pages: no statement stays open while whoever reads does something else.
    const rows = database.all<HostColumns>(
      `SELECT host.name AS host, position, outcome, findings, about, ladder, probes, drift, evidence
       FROM run_host JOIN host ON host.id = run_host.host
       WHERE run = ? AND position > ? ORDER BY position LIMIT ?`,
      run,
      after,
      page,
    );
    for (const row of rows) {
      after = row.position;
      yield hostOfRow(row, parts);
    }
    if (rows.length === 0) return;
  }
}

/** A whole run. One that is not finished says so in a finding, and has the hosts that never came as `unknown`. */
export function readRun(database: Database, row: RunRow): AuditRun {
  const head = readHeader(database, row);
  const { finished, written } = row;
  return wholeRun(head, [...readHosts(database, row.id)], { finished, written, state: stateOf(row) });
}
