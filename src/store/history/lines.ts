/** The history as JSON lines: to keep elsewhere, to move, to read with other tools. */
import { visibleJson } from "../../core/text/visible.ts";
import { shown } from "../../core/text/nearest.ts";
import type { AuditedHost, AuditEnd, AuditHeader } from "../../model/audit.ts";
import { CurfewError } from "../../model/error.ts";
import type { RunFilter } from "../../model/history.ts";
import type { AppliedRun } from "../../model/history-views.ts";
import { hasApplied, putApplied, readApplied, readAppliedRun } from "./applied.ts";
import { type Database, openReader } from "./database.ts";
import { type HistoryLine, historyLineSchema } from "./line-schema.ts";
import type { WriteQueue } from "./queue.ts";
import { readHeader, readHosts, type RunRow, selectRuns, stateOf } from "./read.ts";
import { insertEnd, insertHost, insertRun } from "./write.ts";

/**
 * One line per run, host and end, each with its line feed, of one state of the history however long reading takes.
 * Running runs are left out: they are not whole yet.
 */
export async function* exportRuns(file: string, filter: RunFilter): AsyncGenerator<string, void, undefined> {
  const database = await openReader(file);
  try {
    database.exec("BEGIN");
    for (const row of selectRuns(database, filter)) {
      if (stateOf(row) !== "running") yield* runLines(database, row);
    }
    if (filter.last === undefined && filter.like === undefined) yield* appliedLines(database, filter);
  } finally {
    database.close();
  }
}

function* runLines(database: Database, row: RunRow): Generator<string, void, undefined> {
  const { header, planned, findings } = readHeader(database, row);
  yield lineText({ type: "run", header, hosts: planned });
  for (const host of readHosts(database, row.id)) yield lineText({ type: "host", host });
  if (row.finished === null) yield lineText({ type: "broken-off", at: row.written });
  else yield lineText({ type: "end", end: { finishedAt: row.finished, findings } });
}

function* appliedLines(database: Database, { policy, since }: RunFilter): Generator<string, void, undefined> {
  const { items } = readApplied(database, { policy, since, offset: 0, limit: -1 });
  for (const { runId } of items.toReversed()) {
    yield lineText({ type: "applied", applied: readAppliedRun(database, runId) });
  }
}

function lineText(line: HistoryLine): string {
  return `${visibleJson(JSON.stringify(line))}\n`;
}

/** A run whose end has not been read yet. */
interface Pending {
  readonly line: number;
  readonly header: AuditHeader;
  readonly planned: readonly string[];
  readonly hosts: Map<string, AuditedHost>;
}

type Ending = { readonly end: AuditEnd } | { readonly at: string };

/**
 * Takes in what `exportRuns` gave; memory for one run. Runs read before an error stay. Returns how many were new.
 * Errors: CurfewError `input` with the number of the line.
 */
export async function importRuns(
  lines: AsyncIterable<string>,
  database: Database,
  queue: WriteQueue,
): Promise<number> {
  let pending: Pending | undefined;
  let added = 0;
  let number = 0;
  const refuse = (reason: string): never => refuseLine(number, reason, added);
  for await (const text of lines) {
    number += 1;
    if (text.trim() === "") continue;
    const line = parseLine(text, refuse);
    if (line.type === "applied") {
      await storeApplied(line.applied);
    } else if (line.type === "run") {
      if (pending !== undefined) refuse(`the audit that began in line ${pending.line} has no end`);
      pending = { line: number, header: line.header, planned: line.hosts, hosts: new Map() };
    } else if (pending === undefined) {
      refuse("a line before the first audit");
    } else if (line.type === "host") {
      if (pending.hosts.has(line.host.host)) refuse(`${shown(line.host.host)} is there twice`);
      pending.hosts.set(line.host.host, line.host);
    } else {
      added += (await store(pending, line.type === "end" ? { end: line.end } : { at: line.at })) ? 1 : 0;
      pending = undefined;
    }
  }
  number += 1;
  if (pending !== undefined) refuse(`the end of the audit that began in line ${pending.line} is missing`);
  return added;

  /** One that is there already stays as it is. */
  function storeApplied(applied: AppliedRun): Promise<void> {
    return queue.add(() => {
      if (!hasApplied(database, applied.runId)) putApplied(database, applied);
    });
  }

  /** Whole or not at all; false where it is there already. */
  async function store({ header, planned, hosts }: Pending, ending: Ending): Promise<boolean> {
    let isNew = false;
    await queue.add(() => {
      isNew = database.get("SELECT 1 FROM run WHERE name = ?", header.runId) === undefined;
      if (!isNew) return;
      const written = "end" in ending ? ending.end.finishedAt : ending.at;
      const run = insertRun(database, header, planned, { written, process: null });
      let position = 0;
      for (const host of hosts.values()) insertHost(database, run, { position: position++, written }, host);
      if ("end" in ending) insertEnd(database, run, ending.end);
    });
    return isNew;
  }
}

function refuseLine(number: number, reason: string, added: number): never {
  const before = added === 1 ? "the audit before it is stored" : `${added} audits before it are stored`;
  throw new CurfewError("input", `line ${number}: ${reason}`, {
    hint: added === 0 ? "curfew history import takes what curfew history export wrote" : before,
  });
}

function parseLine(text: string, refuse: (reason: string) => never): HistoryLine {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return refuse("not JSON");
  }
  const result = historyLineSchema.safeParse(data);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  return refuse(`${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? "not a line of a history"}`);
}
