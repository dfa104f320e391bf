/** Pages and counts of the history: what is read is what is shown, however large the fleet. Runs inside one snapshot. */
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
import {
  headOf,
  hostsOf,
  SELECT_RUNS,
  type Snapshot,
  storedRun,
  summaryOfStored,
  type StoredRun,
} from "./read.ts";
import { createStoredReader } from "./stored-reader.ts";

/** The newest finished run of each policy and `-l`, newest first. */
export async function newestStored({ session }: Snapshot): Promise<NewestRun[]> {
  const rows = await session.rows<StoredRun>(
    SELECT_RUNS(`WHERE id IN (
      SELECT DISTINCT ON (policy, host_limit) id FROM curfew.run WHERE finished IS NOT NULL
      ORDER BY policy, host_limit, started DESC, id DESC)`),
  );
  return rows.map((row) => ({ run: summaryOfStored(row), limit: row.host_limit }));
}

export async function frameOf(at: Snapshot, runId: string): Promise<RunFrame> {
  const row = await storedRun(at, runId);
  const { header, planned, findings } = await headOf(at, row);
  return { header, run: summaryOfStored(row), planned: planned.length, findings };
}

// `lower` of the collation "C" is that of ASCII, as in SQLite.
const MATCHING = `FROM curfew.run_host h
  JOIN curfew.host ON host.id = h.host
  JOIN curfew.finding_list l ON l.id = h.findings
  WHERE run = $1::int
    AND ($2::text IS NULL OR outcome = $2 OR ($2 = 'fail' AND outcome = 'unknown' AND l.fail > 0))
    AND ($3::text IS NULL OR strpos(lower(host.name), lower($3 COLLATE "C")) > 0)
    AND ($4::bigint[] IS NULL OR h.findings = ANY($4))`;

/** The worst first, then in the order of the inventory. */
export async function hostPage(at: Snapshot, runId: string, filter: HostFilter): Promise<Page<HostLine>> {
  const { outcome, name, finding, offset, limit } = filter;
  const { id } = await storedRun(at, runId);
  const lists = finding === undefined ? null : await listsWith(at, id, finding);
  const values = [id, outcome ?? null, name ?? null, lists];
  const [total] = await at.session.rows<{ amount: number }>(`SELECT count(*) AS amount ${MATCHING}`, values);
  type Row = Pick<HostLine, "host" | "outcome"> & HostLine["findings"] & { readonly about: number };
  const rows = await at.session.rows<Row>(
    `SELECT host.name AS host, outcome, about, l.fail, l.unknown, l.waived ${MATCHING}
     ORDER BY CASE outcome WHEN 'unknown' THEN 0 WHEN 'fail' THEN 1 ELSE 2 END, position, host.name
     LIMIT $5::bigint OFFSET $6::bigint`,
    [...values, limit, offset],
  );
  const reader = createStoredReader(at.session, at.where);
  await reader.fetch(rows.map(({ about }) => about));
  const items = rows.map(({ host, outcome: its, about, fail, unknown, waived }) => {
    const { description, error } = reader.get<{ description: string; error?: ErrorData }>(about);
    return {
      host,
      outcome: its,
      description: error?.message ?? description,
      findings: { fail, unknown, waived },
    };
  });
  return { total: total?.amount ?? 0, items };
}

/** One host as a run judged it. */
export async function hostOfRun(at: Snapshot, runId: string, host: string): Promise<AuditedHost | undefined> {
  const { id } = await storedRun(at, runId);
  for await (const found of hostsOf(at, id, host)) return found;
  return undefined;
}

/** What did not pass: of the fleet first, then each list once. */
export async function openOf(at: Snapshot, runId: string): Promise<OpenFindings[]> {
  const run = await storedRun(at, runId);
  const { fleet, lists } = await sharedLists(at, run, "open");
  return openFindings(fleet, lists);
}

/** All findings of a run, counted. */
export async function checkCountsOf(at: Snapshot, runId: string): Promise<CheckCount[]> {
  const run = await storedRun(at, runId);
  const { fleet, lists } = await sharedLists(at, run, "list");
  return countChecks(fleet, lists);
}

/** On how many hosts of one run a finding was open. */
export async function spreadOf(at: Snapshot, runId: string, finding: FindingFilter): Promise<FindingSpread> {
  const run = await storedRun(at, runId);
  const { lists } = await sharedLists(at, run, "open");
  return { runId: run.name, ...spreadOver(lists, finding) };
}

/** What runs said of a host, newest first. */
export async function lifeOf(
  at: Snapshot,
  host: string,
  { policy, offset, limit }: Slice & { readonly policy?: string | undefined },
): Promise<HostVisit[]> {
  type Visit = { readonly run: number; readonly outcome: AuditedHost["outcome"]; readonly findings: number };
  const visits = await at.session.rows<Visit>(
    `SELECT run, outcome, h.findings FROM curfew.run_host h JOIN curfew.run r ON r.id = h.run
     WHERE h.host = (SELECT id FROM curfew.host WHERE name = $1) AND ($2::text IS NULL OR r.policy = $2)
     ORDER BY r.started DESC, r.id DESC LIMIT $3::bigint OFFSET $4::bigint`,
    [host, policy ?? null, limit, offset],
  );
  const rows = await at.session.rows<StoredRun>(SELECT_RUNS("WHERE id = ANY($1::int[])"), [
    visits.map(({ run }) => run),
  ]);
  const runs = new Map(rows.map((row) => [row.id, summaryOfStored(row)]));
  const reader = createStoredReader(at.session, at.where);
  await reader.fetchLists(
    visits.map(({ findings }) => findings),
    "open",
  );
  return visits.flatMap(({ run, outcome, findings }) => {
    const summary = runs.get(run);
    return summary === undefined ? [] : [{ run: summary, outcome, open: reader.open(findings) }];
  });
}

/** The findings of the fleet, and those of the hosts, each list once; `open`: of these, what did not pass. */
async function sharedLists(
  at: Snapshot,
  run: StoredRun,
  which: "list" | "open",
): Promise<{ readonly fleet: readonly Finding[]; readonly lists: readonly SharedList[] }> {
  const rows = await listsOf(at, run.id);
  const reader = createStoredReader(at.session, at.where);
  const ids = [run.findings, ...rows.map(({ list }) => list)];
  await reader.fetchLists(ids, which === "open" ? "open" : "members");
  const lists = rows.map(({ list, hosts }) => ({ hosts, findings: reader[which](list) }));
  return { fleet: reader[which](run.findings), lists };
}

interface ListRow {
  readonly list: number;
  readonly hosts: number;
}

/** Each list of findings of a run, and how many hosts have it: alike hosts share one. */
function listsOf({ session }: Snapshot, run: number): Promise<ListRow[]> {
  return session.rows<ListRow>(
    `SELECT findings AS list, count(*) AS hosts FROM curfew.run_host WHERE run = $1
     GROUP BY findings ORDER BY min(position)`,
    [run],
  );
}

async function listsWith(at: Snapshot, run: number, finding: FindingFilter): Promise<number[]> {
  const lists = (await listsOf(at, run)).map(({ list }) => list);
  const reader = createStoredReader(at.session, at.where);
  await reader.fetchLists(lists, "open");
  return lists.filter((list) => reader.open(list).some((its) => isMeant(its, finding)));
}
