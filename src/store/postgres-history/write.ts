/** Audits on their way into the history. Everything here runs inside a transaction. */
import { countFindings, countHosts } from "../../core/audit/summary.ts";
import type { AuditedHost, AuditEnd, AuditHeader } from "../../model/record/audit.ts";
import type { DatabaseSession } from "../postgres/session.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { aboutHost, withoutBaselines } from "../history-record/run.ts";
import { type Known, putContents, putFindingLists } from "./contents.ts";

/** Both, since a server that went back to an earlier state gives the same number to another run. */
export interface RunKey {
  readonly id: number;
  readonly name: string;
}

/** A host and its place. */
export interface PlacedHost {
  readonly run: RunKey;
  readonly position: number;
  /** Milliseconds since 1970. */
  readonly written: number;
  readonly audited: AuditedHost;
}

/** Who begins a run: the same one again is no second one. */
export interface RunBeginning {
  readonly header: AuditHeader;
  readonly hosts: readonly string[];
  /** ISO time. */
  readonly written: string;
  readonly writer: string;
}

/** Puts in a run without hosts; returns its id, or undefined where somebody else's has that name. */
export async function insertRunRow(
  session: DatabaseSession,
  known: Known,
  { header, hosts, written, writer }: RunBeginning,
): Promise<number | undefined> {
  const { runId, startedAt, policy, profile, inventory, verified } = header;
  const { plain, baselines } = withoutBaselines(header);
  const [head, baseline, planned] = await putContents(session, known, [plain, baselines, hosts]);
  const [findings] = await putFindingLists(session, known, [[]]);
  await session.change(
    `INSERT INTO curfew.run
       (name, writer, started, written, policy, profile, verified, host_limit, header, baseline, planned, findings)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (name) DO NOTHING`,
    [
      runId,
      writer,
      new Date(startedAt).toISOString(),
      written,
      policy.name,
      profile?.id ?? null,
      verified,
      inventory.limit,
      head,
      baseline,
      planned,
      findings,
    ],
  );
  const [row] = await session.rows<{ id: number }>(
    "SELECT id FROM curfew.run WHERE name = $1 AND writer = $2",
    [runId, writer],
  );
  return row?.id;
}

/** Adds hosts to runs; one that is there already stays as it is. */
export async function insertHostRows(
  session: DatabaseSession,
  known: Known,
  placed: readonly PlacedHost[],
): Promise<void> {
  const lists = await putFindingLists(
    session,
    known,
    placed.map(({ audited }) => audited.findings),
  );
  const contents = await putContents(
    session,
    known,
    placed.flatMap(({ audited }) => partsOf(audited)),
  );
  const hosts = await hostIds(
    session,
    known,
    placed.map(({ audited }) => audited.host),
  );
  const rows = placed.map(({ run, position, written, audited }, index) => {
    const counts = countHosts([audited]);
    const parts = contents.slice(index * PARTS, (index + 1) * PARTS);
    const { pass, fail, unknown } = counts;
    return [
      run.id,
      hosts[index],
      position,
      pass,
      fail,
      unknown,
      audited.outcome,
      written,
      lists[index],
      ...parts,
    ];
  });
  // In one order for all, so that nobody waits for somebody who waits for them.
  rows.sort((left, right) => Number(left[0]) - Number(right[0]) || Number(left[1]) - Number(right[1]));
  const types = HOST_COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`);
  await session.change(
    `INSERT INTO curfew.run_host (${HOST_COLUMNS.map(([name]) => name).join(", ")})
     SELECT * FROM unnest(${types.join(", ")}) ON CONFLICT (run, host) DO NOTHING`,
    HOST_COLUMNS.map((_, column) => rows.map((row) => row[column])),
  );
}

const PARTS = 5;

function partsOf(audited: AuditedHost): unknown[] {
  const { ladder, probes, drift, evidence } = audited;
  return [aboutHost(audited), part(ladder), part(probes), part(drift), part(evidence)];
}

function part(items: readonly unknown[]): unknown {
  return items.length === 0 ? null : items;
}

const HOST_COLUMNS = [
  ["run", "int"],
  ["host", "int"],
  ["position", "int"],
  ["pass", "smallint"],
  ["fail", "smallint"],
  ["unknown", "smallint"],
  ["outcome", "text"],
  ["written", "bigint"],
  ["findings", "bigint"],
  ["about", "bigint"],
  ["ladder", "bigint"],
  ["probes", "bigint"],
  ["drift", "bigint"],
  ["evidence", "bigint"],
] as const;

/** The numbers of hosts, as they are or made now. */
export async function hostIds(
  session: DatabaseSession,
  known: Known,
  names: readonly string[],
): Promise<number[]> {
  const missing = (): string[] => [...new Set(names)].filter((name) => !known.hosts.has(name)).toSorted();
  const look = async (): Promise<void> => {
    const wanted = missing();
    if (wanted.length === 0) return;
    type Row = { readonly id: number; readonly name: string };
    const sql = "SELECT id, name FROM curfew.host WHERE name = ANY($1::text[])";
    for (const { id, name } of await session.rows<Row>(sql, [wanted])) known.hosts.set(name, id);
  };
  await look();
  if (missing().length > 0) {
    await session.change(
      "INSERT INTO curfew.host (name) SELECT unnest($1::text[]) ON CONFLICT (name) DO NOTHING",
      [missing()],
    );
    await look();
  }
  return names.map((name) => idOfHost(known, name));
}

function idOfHost({ hosts }: Known, name: string): number {
  const id = hosts.get(name);
  if (id === undefined) throw new Error("the name of a host was stored and is not there");
  return id;
}

/**
 * The end of a run; its counts are made here. Waits for all who add hosts to it at this moment.
 * Where it has ended already, nothing happens. Errors: CurfewError `input` where the run, or a host of `confirmed`,
 * whose storing was confirmed, is not there any more: then it has no end, and counts as broken off.
 */
export async function insertRunEnd(
  session: DatabaseSession,
  known: Known,
  { id: run, name }: RunKey,
  { finishedAt, findings }: AuditEnd,
  confirmed: readonly string[],
): Promise<void> {
  const [list] = await putFindingLists(session, known, [findings]);
  const found = await session.rows("SELECT FROM curfew.run WHERE id = $1 AND name = $2 FOR UPDATE", [
    run,
    name,
  ]);
  if (found.length === 0) throw goneRun();
  await refuseLost(session, run, confirmed);
  const { pass, fail, unknown, waived } = countFindings([], findings);
  await session.change(
    `UPDATE curfew.run SET finished = $2, written = $2, findings = $3,
       hosts_pass = c.pass, hosts_fail = c.fail, hosts_unknown = c.unknown,
       findings_pass = c.findings_pass + $4, findings_fail = c.findings_fail + $5,
       findings_unknown = c.findings_unknown + $6, findings_waived = c.findings_waived + $7
     FROM (${COUNTS} WHERE h.run = $1) AS c WHERE id = $1 AND finished IS NULL`,
    [run, finishedAt, list, pass, fail, unknown, waived],
  );
}

async function refuseLost(
  session: DatabaseSession,
  run: number,
  confirmed: readonly string[],
): Promise<void> {
  const [stored] = await session.rows<{ amount: number }>(
    `SELECT count(*) AS amount FROM curfew.run_host JOIN curfew.host ON host.id = run_host.host
     WHERE run = $1 AND host.name = ANY($2::text[])`,
    [run, confirmed],
  );
  const lost = confirmed.length - (stored?.amount ?? 0);
  if (lost === 0) return;
  throw new CurfewError(
    "input",
    `${lost} of the ${confirmed.length} hosts that the database had confirmed are not in it any more, so this audit stays unfinished`,
    { hint: WENT_BACK },
  );
}

/** What is said of a run that was begun and is not there, or is another one's by now. */
export function goneRun(): CurfewError {
  return new CurfewError(
    "input",
    "this audit is no longer in the history: somebody took it away while it was written, or the database went back to an earlier state",
    { hint: WENT_BACK },
  );
}

const WENT_BACK =
  "a standby that was behind took over, or a backup was restored: run the audit again; synchronous_standby_names on the server keeps what is confirmed";

/** What the hosts of a run count as: to be ended with a condition for `h`. */
export const COUNTS = `
  SELECT coalesce(sum(h.pass), 0)::int AS pass, coalesce(sum(h.fail), 0)::int AS fail,
         coalesce(sum(h.unknown), 0)::int AS unknown, max(h.written) AS written,
         coalesce(sum(l.pass), 0)::int AS findings_pass, coalesce(sum(l.fail), 0)::int AS findings_fail,
         coalesce(sum(l.unknown), 0)::int AS findings_unknown, coalesce(sum(l.waived), 0)::int AS findings_waived
  FROM curfew.run_host h JOIN curfew.finding_list l ON l.id = h.findings`;
