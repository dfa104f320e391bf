/** Runs that changed hosts, as the history remembers them: who, when, by which policy, and what became of each host. */
import type { AppliedFilter, AppliedRun, AppliedSummary, Page } from "../../model/record/history-views.ts";
import { aboutApplied, type AppliedRow, summaryOfApplied, wholeApplied } from "../history-record/applied.ts";
import { createContentReader, putContent } from "./contents.ts";
import type { Database } from "./database.ts";
import { noRun } from "./read.ts";
import { hostId } from "./write.ts";

/** Puts a run in, in place of one with the same id. Runs inside a transaction. */
export function putApplied(database: Database, run: AppliedRun): void {
  const { runId, startedAt, finishedAt, policy, hosts } = run;
  database.update("DELETE FROM applied_host WHERE applied IN (SELECT id FROM applied WHERE name = ?)", runId);
  database.update("DELETE FROM applied WHERE name = ?", runId);
  const id = database.run(
    "INSERT INTO applied (name, started, finished, policy, about) VALUES (?, ?, ?, ?, ?)",
    runId,
    new Date(startedAt).toISOString(),
    finishedAt,
    policy?.name ?? null,
    aboutApplied(run),
  );
  for (const [position, { host, ...result }] of hosts.entries()) {
    database.run(
      "INSERT INTO applied_host (applied, host, position, result) VALUES (?, ?, ?, ?)",
      id,
      hostId(database, host),
      position,
      putContent(database, result),
    );
  }
}

/** Whether a run with that id is there. */
export function hasApplied(database: Database, runId: string): boolean {
  return database.get("SELECT 1 FROM applied WHERE name = ?", runId) !== undefined;
}

/** Newest first. */
export function readApplied(
  database: Database,
  { policy, host, since, offset, limit }: AppliedFilter,
): Page<AppliedSummary> {
  const where = `FROM applied WHERE (?1 IS NULL OR policy = ?1) AND (?2 IS NULL OR started >= ?2)
    AND (?3 IS NULL OR id IN (
      SELECT applied FROM applied_host JOIN host ON host.id = applied_host.host WHERE host.name = ?3))`;
  const values = [policy ?? null, since === undefined ? null : new Date(since).toISOString(), host ?? null];
  const total = database.get<{ amount: number }>(`SELECT count(*) AS amount ${where}`, ...values);
  const rows = database.all<AppliedRow>(
    `SELECT * ${where} ORDER BY started DESC, id DESC LIMIT ?4 OFFSET ?5`,
    ...values,
    limit,
    offset,
  );
  return { total: total?.amount ?? 0, items: rows.map(summaryOfApplied) };
}

/** What one run did. Errors: CurfewError `input` where it is not there, naming the nearest. */
export function readAppliedRun(database: Database, runId: string): AppliedRun {
  const row = database.get<AppliedRow>("SELECT * FROM applied WHERE name = ?", runId);
  if (row === undefined) throw noRun(database, "applied", runId);
  const results = database.all<{ host: string; result: number }>(
    `SELECT host.name AS host, result FROM applied_host JOIN host ON host.id = applied_host.host
     WHERE applied = ? ORDER BY position`,
    row.id,
  );
  return wholeApplied(row, results, createContentReader(database));
}

/** Those that started before an ISO time; returns how many went. Runs inside a transaction. */
export function pruneApplied(database: Database, before: string): number {
  const old = "SELECT id FROM applied WHERE started < ?";
  database.update(`DELETE FROM applied_host WHERE applied IN (${old})`, before);
  return database.update(`DELETE FROM applied WHERE id IN (${old})`, before);
}
