/** What changed between two stored runs, without loading either. */
import { findingChanges, hostChanges, type Judged } from "../../core/audit/changes.ts";
import type { AuditedHost, FindingChange } from "../../model/record/audit.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import { createFindingReader, memberIds } from "./contents.ts";
import type { Database } from "./database.ts";
import type { RunRow } from "./read.ts";

/** About the fleet first, then by host: the later run's order, then those that are only in the earlier one. */
export function readChanges(database: Database, before: RunRow, after: RunRow): FindingChange[] {
  const reader = createFindingReader(database);
  const fleet = findingChanges("", reader.list(before.findings), reader.list(after.findings));
  const pairs = createPairs(database);
  const hosts = differingHosts(database, before.id, after.id).flatMap((row) => {
    const [was, is] = pairs(row.before_findings, row.after_findings);
    return hostChanges(row.host, judged(row.before_outcome, was), judged(row.after_outcome, is));
  });
  return [...fleet, ...hosts];
}

interface Differing {
  readonly host: string;
  /** Null: the host is not in that run. */
  readonly before_outcome: AuditedHost["outcome"] | null;
  readonly after_outcome: AuditedHost["outcome"] | null;
  readonly before_findings: number | null;
  readonly after_findings: number | null;
}

/** Hosts whose lists of findings are the same have the same id, so most never leave SQLite. */
function differingHosts(database: Database, before: number, after: number): Differing[] {
  return database.all<Differing>(
    `SELECT host.name AS host, before_outcome, after_outcome, before_findings, after_findings
     FROM (
       SELECT a.host AS number, b.outcome AS before_outcome, a.outcome AS after_outcome,
              b.findings AS before_findings, a.findings AS after_findings, 0 AS missing, a.position AS position
       FROM run_host a LEFT JOIN run_host b ON b.run = ?1 AND b.host = a.host
       WHERE a.run = ?2 AND a.findings IS NOT b.findings
       UNION ALL
       SELECT b.host, b.outcome, NULL, b.findings, NULL, 1, b.position
       FROM run_host b LEFT JOIN run_host a ON a.run = ?2 AND a.host = b.host
       WHERE b.run = ?1 AND a.host IS NULL
     ) JOIN host ON host.id = number
     ORDER BY missing, position`,
    before,
    after,
  );
}

type Lists = readonly [readonly Finding[], readonly Finding[]];

/** The findings of two lists; a fleet that changed at once has few such pairs. */
function createPairs(database: Database): (before: number | null, after: number | null) => Lists {
  const known = new Map<string, Lists>();
  const { finding } = createFindingReader(database);
  const members = (list: number | null): number[] => (list === null ? [] : memberIds(database, list));
  return (before, after) => {
    const name = `${before} ${after}`;
    const found = known.get(name);
    if (found !== undefined) return found;
    const [was, is] = [members(before), members(after)];
    const lists: Lists = [was.map(finding), is.map(finding)];
    known.set(name, lists);
    return lists;
  };
}

function judged(outcome: AuditedHost["outcome"] | null, findings: readonly Finding[]): Judged {
  return outcome === null ? null : { outcome, findings };
}
