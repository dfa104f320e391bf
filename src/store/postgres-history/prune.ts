/** What the history forgets. */
import type { DatabaseSession } from "../postgres/session.ts";
import { HELD } from "./schema.ts";

/**
 * Takes away what was applied before an ISO time, and the runs that started before it, except running ones and the newest finished one of each
 * policy, and everything that no other run refers to. Returns how many runs went. Runs inside a transaction that
 * holds the gate alone.
 */
export async function pruneStored(session: DatabaseSession, before: string): Promise<number> {
  const gone = await session.change(
    `DELETE FROM curfew.run WHERE started < $1
       AND (finished IS NOT NULL OR NOT EXISTS (
         SELECT FROM pg_locks WHERE ${HELD} AND objid::bigint = run.id))
       AND id NOT IN (
         SELECT DISTINCT ON (policy) id FROM curfew.run WHERE finished IS NOT NULL
         ORDER BY policy, started DESC, id DESC)`,
    [new Date(before).toISOString()],
  );
  const applied = await session.change("DELETE FROM curfew.applied WHERE started < $1", [
    new Date(before).toISOString(),
  ]);
  if (gone + applied === 0) return 0;
  for (const statement of UNUSED) await session.change(statement);
  await session.change("UPDATE curfew.history_state SET generation = generation + 1");
  return gone;
}

const UNUSED = [
  `DELETE FROM curfew.host h WHERE NOT EXISTS (SELECT FROM curfew.run_host WHERE host = h.id)
     AND NOT EXISTS (SELECT FROM curfew.applied_host WHERE host = h.id)`,
  `WITH used AS (SELECT findings FROM curfew.run_host UNION SELECT findings FROM curfew.run)
   DELETE FROM curfew.finding_list l WHERE NOT EXISTS (SELECT FROM used WHERE used.findings = l.id)`,
  `WITH used AS (SELECT DISTINCT unnest(members) AS id FROM curfew.finding_list)
   DELETE FROM curfew.finding f WHERE NOT EXISTS (SELECT FROM used WHERE used.id = f.id)`,
  `WITH used AS (
     SELECT part AS id FROM curfew.run_host, LATERAL (VALUES (about), (ladder), (probes), (drift), (evidence)) AS v (part)
     UNION SELECT result FROM curfew.applied_host
     UNION SELECT part FROM curfew.run, LATERAL (VALUES (header), (planned), (baseline)) AS v (part))
   DELETE FROM curfew.content c WHERE NOT EXISTS (SELECT FROM used WHERE used.id = c.id)`,
];
