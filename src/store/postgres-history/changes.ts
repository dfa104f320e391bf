/** What changed between two stored runs, without loading either. */
import { findingChanges, hostChanges, type Judged } from "../../core/audit/changes.ts";
import type { AuditedHost, FindingChange } from "../../model/record/audit.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import { type Snapshot, storedRun } from "./read.ts";
import { createStoredReader } from "./stored-reader.ts";

/** About the fleet first, then by host: the later run's order, then those that are only in the earlier one. */
export async function storedChanges(
  snapshot: Snapshot,
  beforeId: string,
  afterId: string,
): Promise<FindingChange[]> {
  const before = await storedRun(snapshot, beforeId);
  const after = await storedRun(snapshot, afterId);
  const rows = await differing(snapshot, before.id, after.id);
  const reader = createStoredReader(snapshot.session, snapshot.where);
  await reader.fetchLists([
    before.findings,
    after.findings,
    ...rows.flatMap((row) => [row.before_findings, row.after_findings]),
  ]);
  const list = (id: number | null): readonly Finding[] => (id === null ? [] : reader.list(id));
  return [
    ...findingChanges("", reader.list(before.findings), reader.list(after.findings)),
    ...rows.flatMap((row) =>
      hostChanges(
        row.host,
        judged(row.before_outcome, list(row.before_findings)),
        judged(row.after_outcome, list(row.after_findings)),
      ),
    ),
  ];
}

interface Differing {
  readonly host: string;
  /** Null: the host is not in that run. */
  readonly before_outcome: AuditedHost["outcome"] | null;
  readonly after_outcome: AuditedHost["outcome"] | null;
  readonly before_findings: number | null;
  readonly after_findings: number | null;
}

/** Hosts whose lists of findings are the same have the same id, so most never leave the server. */
function differing({ session }: Snapshot, before: number, after: number): Promise<Differing[]> {
  return session.rows<Differing>(
    `SELECT host.name AS host, b.outcome AS before_outcome, a.outcome AS after_outcome,
            b.findings AS before_findings, a.findings AS after_findings
     FROM (SELECT * FROM curfew.run_host WHERE run = $1) b
     FULL JOIN (SELECT * FROM curfew.run_host WHERE run = $2) a ON a.host = b.host
     JOIN curfew.host ON host.id = coalesce(a.host, b.host)
     WHERE a.findings IS DISTINCT FROM b.findings
     ORDER BY a.host IS NULL, coalesce(a.position, b.position), host.name`,
    [before, after],
  );
}

function judged(outcome: AuditedHost["outcome"] | null, findings: readonly Finding[]): Judged {
  return outcome === null ? null : { outcome, findings };
}
