/** Pages and counts of the history: what is read is what is shown, however large the fleet. */
import { isMeant } from "../../core/audit/open.ts";
import { countChecks, openFindings, type SharedList, spreadOver } from "../../core/audit/shared-lists.ts";
import type { AuditedHost } from "../../model/record/audit.ts";
import type { ErrorData } from "../../model/terms/error.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type {
  CheckCount,
  FindingFilter,
  FindingSpread,
  HostFilter,
  HostLine,
  HostVisit,
  NewestRun,
  OpenFindings,
  Page,
  RunFrame,
  Slice,
} from "../../model/record/history-views.ts";
import { createContentReader, createFindingReader } from "./contents.ts";
import type { Database } from "./database.ts";
import { readHeader, readHosts, type RunRow, summaryOf } from "./read.ts";

/** The newest finished run of each policy and `-l`, newest first. */
export function readNewest(database: Database): NewestRun[] {
  const rows = database.all<RunRow>(
    `SELECT * FROM (
       SELECT *, row_number() OVER (PARTITION BY policy, host_limit ORDER BY started DESC, id DESC) AS place
       FROM run WHERE finished IS NOT NULL
     ) WHERE place = 1 ORDER BY started DESC, id DESC`,
  );
  return rows.map((row) => ({ run: summaryOf(row), limit: row.host_limit }));
}

export function readFrame(database: Database, row: RunRow): RunFrame {
  const { header, planned, findings } = readHeader(database, row);
  return { header, run: summaryOf(row), planned: planned.length, findings };
}

const MATCHING = `FROM run_host
  JOIN host ON host.id = run_host.host
  JOIN finding_list ON finding_list.id = run_host.findings
  WHERE run = ?1
    AND (?2 IS NULL OR outcome = ?2 OR (?2 = 'fail' AND outcome = 'unknown' AND finding_list.fail > 0))
    AND (?3 IS NULL OR instr(lower(host.name), lower(?3)) > 0)
    AND (?4 IS NULL OR run_host.findings IN (SELECT value FROM json_each(?4)))`;

/** The worst first, then in the order of the inventory. */
export function readHostPage(database: Database, run: RunRow, filter: HostFilter): Page<HostLine> {
  const { outcome, name, finding, offset, limit } = filter;
  const lists = finding === undefined ? null : JSON.stringify(listsWith(database, run.id, finding));
  const values = [run.id, outcome ?? null, name ?? null, lists];
  const total = database.get<{ amount: number }>(`SELECT count(*) AS amount ${MATCHING}`, ...values);
  type Row = Pick<HostLine, "host" | "outcome"> & HostLine["findings"] & { readonly about: number };
  const rows = database.all<Row>(
    `SELECT host.name AS host, outcome, about, fail, unknown, waived ${MATCHING}
     ORDER BY CASE outcome WHEN 'unknown' THEN 0 WHEN 'fail' THEN 1 ELSE 2 END, position LIMIT ?5 OFFSET ?6`,
    ...values,
    limit,
    offset,
  );
  const content = createContentReader(database);
  const items = rows.map(({ host, outcome: its, about, fail, unknown, waived }) => {
    const { description, error } = content<{ description: string; error?: ErrorData }>(about);
    const findings = { fail, unknown, waived };
    return { host, outcome: its, description: error?.message ?? description, findings };
  });
  return { total: total?.amount ?? 0, items };
}

/** One host as a run judged it. */
export function readHost(database: Database, run: RunRow, host: string): AuditedHost | undefined {
  const row = database.get<{ position: number }>(
    "SELECT position FROM run_host JOIN host ON host.id = run_host.host WHERE run = ? AND host.name = ?",
    run.id,
    host,
  );
  if (row === undefined) return undefined;
  for (const found of readHosts(database, run.id, row.position - 1, 1)) if (found.host === host) return found;
  return undefined;
}

/** What did not pass: of the fleet first, then each list once. */
export function readOpen(database: Database, run: RunRow): OpenFindings[] {
  const { open } = createFindingReader(database);
  return openFindings(open(run.findings), sharedLists(database, run.id, open));
}

/** All findings of a run, counted. */
export function readCheckCounts(database: Database, run: RunRow): CheckCount[] {
  const { list } = createFindingReader(database);
  return countChecks(list(run.findings), sharedLists(database, run.id, list));
}

/** On how many hosts of one run a finding was open. */
export function readSpread(database: Database, run: RunRow, finding: FindingFilter): FindingSpread {
  const { open } = createFindingReader(database);
  return { runId: run.name, ...spreadOver(sharedLists(database, run.id, open), finding) };
}

/** What runs said of a host, newest first. */
export function readLife(
  database: Database,
  host: string,
  { policy, offset, limit }: Slice & { readonly policy?: string | undefined },
): HostVisit[] {
  type Row = RunRow & { readonly outcome: AuditedHost["outcome"]; readonly list: number };
  const rows = database.all<Row>(
    `SELECT run.*, run_host.outcome AS outcome, run_host.findings AS list
     FROM run JOIN run_host ON run_host.run = run.id AND run_host.host = (SELECT id FROM host WHERE name = ?1)
     WHERE (?2 IS NULL OR policy = ?2) ORDER BY started DESC, run.id DESC LIMIT ?3 OFFSET ?4`,
    host,
    policy ?? null,
    limit,
    offset,
  );
  const { open } = createFindingReader(database);
  return rows.map((row) => ({ run: summaryOf(row), outcome: row.outcome, open: open(row.list) }));
}

/** Each list of findings of a run, and how many hosts have it: alike hosts share one. */
function listsOf(database: Database, run: number): { readonly list: number; readonly hosts: number }[] {
  return database.all(
    "SELECT findings AS list, count(*) AS hosts FROM run_host WHERE run = ? GROUP BY findings ORDER BY min(position)",
    run,
  );
}

function sharedLists(
  database: Database,
  run: number,
  read: (list: number) => readonly Finding[],
): SharedList[] {
  return listsOf(database, run).map(({ list, hosts }) => ({ hosts, findings: read(list) }));
}

function listsWith(database: Database, run: number, finding: FindingFilter): number[] {
  const { open } = createFindingReader(database);
  return listsOf(database, run)
    .map(({ list }) => list)
    .filter((list) => open(list).some((its) => isMeant(its, finding)));
}
