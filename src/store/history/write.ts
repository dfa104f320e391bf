/** One audit on its way into the history. Everything here runs inside a transaction. */
import { countFindings, countHosts } from "../../core/audit/summary.ts";
import type { AuditedHost, AuditEnd, AuditHeader } from "../../model/record/audit.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Database } from "./database.ts";
import { putContent, putFindings } from "./contents.ts";
import type { ProcessName } from "./process.ts";
import { aboutHost, takenRun, withoutBaselines } from "../history-record/run.ts";

/** Puts in a run without hosts; returns its id. `written`: ISO time. Throws where the run id is taken. */
export function insertRun(
  database: Database,
  header: AuditHeader,
  hosts: readonly string[],
  { written, process }: { readonly written: string; readonly process: ProcessName | null },
): number {
  const { runId, startedAt, policy, profile, inventory, verified } = header;
  const { plain, baselines } = withoutBaselines(header);
  if (database.get("SELECT 1 FROM run WHERE name = ?", runId) !== undefined) throw takenRun(runId);
  return database.run(
    `INSERT INTO run (name, started, written, process, policy, profile, verified, host_limit, header, baseline, planned, findings)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    runId,
    // One spelling for all, so that the order of texts is the order of times.
    new Date(startedAt).toISOString(),
    written,
    process === null ? null : JSON.stringify(process),
    policy.name,
    profile?.id ?? null,
    verified ? 1 : 0,
    inventory.limit,
    putContent(database, plain),
    baselines === null ? null : putContent(database, baselines),
    putContent(database, hosts),
    putFindings(database, []),
  );
}

/** Adds a host to a run; one that it has already stays as it is. Throws where the run was ended. */
export function insertHost(
  database: Database,
  run: number,
  place: { readonly position: number; readonly written: string },
  audited: AuditedHost,
): void {
  const { host, outcome, findings, ladder, probes, drift, evidence } = audited;
  const number = hostId(database, host);
  if (database.get("SELECT 1 FROM run_host WHERE run = ? AND host = ?", run, number) !== undefined) return;
  if (database.get("SELECT 1 FROM run WHERE id = ? AND finished IS NOT NULL", run) !== undefined) {
    throw new CurfewError("input", "this audit was ended already, so its history takes no more hosts");
  }
  addCounts(database, run, place.written, countHosts([audited]), countFindings([audited], []));
  const part = (items: readonly unknown[]): number | null =>
    items.length === 0 ? null : putContent(database, items);
  database.run(
    `INSERT INTO run_host (run, host, position, outcome, findings, about, ladder, probes, drift, evidence)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    run,
    number,
    place.position,
    outcome,
    putFindings(database, findings),
    putContent(database, aboutHost(audited)),
    part(ladder),
    part(probes),
    part(drift),
    part(evidence),
  );
}

/** The end of a run; the first one holds. */
export function insertEnd(database: Database, run: number, { finishedAt, findings }: AuditEnd): void {
  if (database.get("SELECT 1 FROM run WHERE id = ? AND finished IS NOT NULL", run) !== undefined) return;
  addCounts(database, run, finishedAt, { pass: 0, fail: 0, unknown: 0 }, countFindings([], findings));
  const list = putFindings(database, findings);
  database.run(
    "UPDATE run SET finished = ?, process = NULL, findings = ? WHERE id = ?",
    finishedAt,
    list,
    run,
  );
}

/** Names the process that goes on with a run. */
export function takeRun(database: Database, run: number, process: ProcessName): void {
  database.run("UPDATE run SET process = ? WHERE id = ?", JSON.stringify(process), run);
}

/** A run that nobody writes any more. */
export function insertAbandonment(database: Database, run: number): void {
  database.run("UPDATE run SET process = NULL WHERE id = ?", run);
}

/** The number of a host, as it is or made now. */
export function hostId(database: Database, name: string): number {
  const row = database.get<{ id: number }>("SELECT id FROM host WHERE name = ?", name);
  return row?.id ?? database.run("INSERT INTO host (name) VALUES (?)", name);
}

function addCounts(
  database: Database,
  run: number,
  written: string,
  hosts: { readonly pass: number; readonly fail: number; readonly unknown: number },
  findings: ReturnType<typeof countFindings>,
): void {
  const changed = database.update(
    `UPDATE run SET written = ?,
       hosts_pass = hosts_pass + ?, hosts_fail = hosts_fail + ?, hosts_unknown = hosts_unknown + ?,
       findings_pass = findings_pass + ?, findings_fail = findings_fail + ?,
       findings_unknown = findings_unknown + ?, findings_waived = findings_waived + ?
     WHERE id = ?`,
    written,
    hosts.pass,
    hosts.fail,
    hosts.unknown,
    findings.pass,
    findings.fail,
    findings.unknown,
    findings.waived,
    run,
  );
  if (changed === 1) return;
  throw new CurfewError(
    "input",
    "this audit is no longer in the history: somebody took it away while it was written",
  );
}
