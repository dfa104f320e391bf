/** Whole runs out of the file and into it. */
import type { RunFilter } from "../../model/record/history.ts";
import type { AppliedRun } from "../../model/record/history-views.ts";
import { hasApplied, putApplied, readApplied, readAppliedRun } from "./applied.ts";
import { type Database, openReader } from "./database.ts";
import { appliedLine, endLine, headLine, hostLine, type ImportedRun } from "../history-record/lines.ts";
import type { WriteQueue } from "./queue.ts";
import { readHeader, readHosts, type RunRow, selectRuns, stateOf } from "./read.ts";
import { insertEnd, insertHost, insertRun } from "./write.ts";

/**
 * One line per run, host and end, each with its line feed, of one state of the history however long reading takes.
 * Running runs are left out: they are not whole yet.
 */
export async function* exportRuns(file: string, filter: RunFilter): AsyncGenerator<string, void, undefined> {
  const database = await openReader(file);
  try {
    database.exec("BEGIN");
    for (const row of selectRuns(database, filter)) {
      if (stateOf(row) !== "running") yield* runLines(database, row);
    }
    if (filter.last === undefined && filter.like === undefined) yield* appliedLines(database, filter);
  } finally {
    database.close();
  }
}

function* runLines(database: Database, row: RunRow): Generator<string, void, undefined> {
  const head = readHeader(database, row);
  yield headLine(head);
  for (const host of readHosts(database, row.id)) yield hostLine(host);
  yield endLine(head, row);
}

function* appliedLines(database: Database, { policy, since }: RunFilter): Generator<string, void, undefined> {
  const { items } = readApplied(database, { policy, since, offset: 0, limit: -1 });
  for (const { runId } of items.toReversed()) yield appliedLine(readAppliedRun(database, runId));
}

/** One that is there already stays as it is. */
export function storeApplied(applied: AppliedRun, database: Database, queue: WriteQueue): Promise<void> {
  return queue.add(() => {
    if (!hasApplied(database, applied.runId)) putApplied(database, applied);
  });
}

/** Whole or not at all; false where it is there already. */
export async function storeRun(
  { header, planned, hosts, written, end }: ImportedRun,
  database: Database,
  queue: WriteQueue,
): Promise<boolean> {
  let isNew = false;
  await queue.add(() => {
    isNew = database.get("SELECT 1 FROM run WHERE name = ?", header.runId) === undefined;
    if (!isNew) return;
    const run = insertRun(database, header, planned, { written, process: null });
    for (const [position, host] of hosts.entries()) insertHost(database, run, { position, written }, host);
    if (end !== undefined) insertEnd(database, run, end);
  });
  return isNew;
}
