/** Runs that changed hosts, as the history remembers them: who, when, by which policy, and what became of each host. */
import type { AppliedFilter, AppliedRun, AppliedSummary, Page } from "../../model/record/history-views.ts";
import type { DatabaseSession } from "../postgres/session.ts";
import { aboutApplied, type AppliedRow, summaryOfApplied, wholeApplied } from "../history-record/applied.ts";
import { noSuchRun } from "../history-record/run.ts";
import { type Known, putContents } from "./contents.ts";
import type { Snapshot } from "./read.ts";
import { createStoredReader } from "./stored-reader.ts";
import { hostIds } from "./write.ts";

/** Puts a run in, in place of one with the same id, or, `once`, only where there is none. Runs inside a transaction. */
export async function putAppliedRow(
  session: DatabaseSession,
  known: Known,
  run: AppliedRun,
  once = false,
): Promise<void> {
  const { runId, startedAt, finishedAt, policy, hosts } = run;
  const [row] = await session.rows<{ id: number }>(
    `INSERT INTO curfew.applied (name, started, finished, policy, about) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (name) DO ${once ? "NOTHING" : "UPDATE SET started = $2, finished = $3, policy = $4, about = $5"}
     RETURNING id`,
    [runId, new Date(startedAt).toISOString(), finishedAt, policy?.name ?? null, aboutApplied(run)],
  );
  if (row === undefined) return;
  const results = await putContents(
    session,
    known,
    hosts.map(({ host: _host, ...result }) => result),
  );
  const ids = await hostIds(
    session,
    known,
    hosts.map(({ host }) => host),
  );
  // Seldom, and not every account may take something away.
  const others = "curfew.applied_host WHERE applied = $1 AND host <> ALL($2::int[])";
  const [other] = await session.rows(`SELECT host FROM ${others} LIMIT 1`, [row.id, ids]);
  if (other !== undefined) await session.change(`DELETE FROM ${others}`, [row.id, ids]);
  await session.change(
    `INSERT INTO curfew.applied_host (applied, host, position, result)
     SELECT $1::int, * FROM unnest($2::int[], $3::int[], $4::bigint[])
     ON CONFLICT (applied, host) DO UPDATE SET position = excluded.position, result = excluded.result`,
    [row.id, ids, hosts.map((_, position) => position), results],
  );
}

/** Newest first. */
export async function appliedPage(
  { session }: Snapshot,
  { policy, host, since, offset, limit }: AppliedFilter,
): Promise<Page<AppliedSummary>> {
  const where = `FROM curfew.applied WHERE ($1::text IS NULL OR policy = $1) AND ($2::text IS NULL OR started >= $2)
    AND ($3::text IS NULL OR id IN (
      SELECT applied FROM curfew.applied_host JOIN curfew.host ON host.id = applied_host.host WHERE host.name = $3))`;
  const values = [policy ?? null, since === undefined ? null : new Date(since).toISOString(), host ?? null];
  const [total] = await session.rows<{ amount: number }>(`SELECT count(*) AS amount ${where}`, values);
  const rows = await session.rows<AppliedRow>(
    `SELECT * ${where} ORDER BY started DESC, id DESC LIMIT $4::bigint OFFSET $5::bigint`,
    [...values, limit < 0 ? null : limit, offset],
  );
  return { total: total?.amount ?? 0, items: rows.map(summaryOfApplied) };
}

/** What one run did. Errors: CurfewError `input` where it is not there, naming the nearest. */
export async function appliedOf({ session, where }: Snapshot, runId: string): Promise<AppliedRun> {
  const [row] = await session.rows<AppliedRow>("SELECT * FROM curfew.applied WHERE name = $1", [runId]);
  if (row === undefined) {
    const sql = "SELECT name FROM curfew.applied ORDER BY started DESC, id DESC LIMIT 1000";
    const names = (await session.rows<{ name: string }>(sql)).map(({ name }) => name);
    throw noSuchRun(runId, names, "applied");
  }
  const results = await session.rows<{ host: string; result: number }>(
    `SELECT host.name AS host, result FROM curfew.applied_host JOIN curfew.host ON host.id = applied_host.host
     WHERE applied = $1 ORDER BY position, host.name`,
    [row.id],
  );
  const reader = createStoredReader(session, where);
  await reader.fetch(results.map(({ result }) => result));
  return wholeApplied(row, results, reader.get);
}
