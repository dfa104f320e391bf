/** What the history forgets. */
import type { Database } from "./database.ts";
import { pruneApplied } from "./applied.ts";
import { stateOf } from "./read.ts";

/**
 * Takes away what was applied before an ISO time, and the runs that started before it, except running ones and the newest finished one of each
 * policy, and everything that no other run refers to. Returns how many runs went. Runs inside a transaction.
 */
export function pruneRuns(database: Database, before: string): number {
  type Row = { readonly id: number; readonly finished: string | null; readonly process: string | null };
  const rows = database.all<Row>(
    `SELECT id, finished, process FROM run WHERE started < ?1 AND id NOT IN (
       SELECT id FROM (
         SELECT id, row_number() OVER (PARTITION BY policy ORDER BY started DESC, id DESC) AS newest
         FROM run WHERE finished IS NOT NULL
       ) WHERE newest = 1)`,
    new Date(before).toISOString(),
  );
  const old = rows.filter((row) => stateOf(row) !== "running");
  for (const { id } of old) {
    database.run("DELETE FROM run_host WHERE run = ?", id);
    database.run("DELETE FROM run WHERE id = ?", id);
  }
  const changes = pruneApplied(database, new Date(before).toISOString());
  if (old.length > 0 || changes > 0) database.exec(UNUSED);
  return old.length;
}

const UNUSED = `
  DELETE FROM host WHERE id NOT IN (SELECT host FROM run_host UNION SELECT host FROM applied_host);
  DELETE FROM finding_list WHERE id NOT IN (SELECT findings FROM run_host UNION SELECT findings FROM run);
  DELETE FROM finding WHERE id NOT IN (SELECT value FROM finding_list, json_each(finding_list.members));
  DELETE FROM content WHERE id NOT IN (
    SELECT about FROM run_host
    UNION SELECT ladder FROM run_host WHERE ladder IS NOT NULL
    UNION SELECT probes FROM run_host WHERE probes IS NOT NULL
    UNION SELECT drift FROM run_host WHERE drift IS NOT NULL
    UNION SELECT evidence FROM run_host WHERE evidence IS NOT NULL
    UNION SELECT header FROM run UNION SELECT planned FROM run
    UNION SELECT baseline FROM run WHERE baseline IS NOT NULL
    UNION SELECT result FROM applied_host);
`;
