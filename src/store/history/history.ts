/** Audits on this machine, remembered in one SQLite file. Everything goes through `History`. */
import { setImmediate as turn } from "node:timers/promises";
import type { AuditHeader } from "../../model/record/audit.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { FindingSpread, HistoryViews } from "../../model/record/history-views.ts";
import type { History, RunWriter } from "../../model/record/history.ts";
import { putApplied, readApplied, readAppliedRun } from "./applied.ts";
import { type Database, openAsItIs, openDatabase, whenFree } from "./database.ts";
import { readChanges } from "./changes.ts";
import { exportRuns, storeApplied, storeRun } from "./export.ts";
import { importRuns } from "../history-record/lines.ts";
import { ownProcess } from "./process.ts";
import { pruneRuns } from "./prune.ts";
import { createWriteQueue, type WriteQueue } from "./queue.ts";
import { findRun, previousRun, readHeader, readRun, runRow, selectRuns, stateOf, summaryOf } from "./read.ts";
import {
  readCheckCounts,
  readFrame,
  readHost,
  readHostPage,
  readLife,
  readNewest,
  readOpen,
  readSpread,
} from "./views.ts";
import { insertAbandonment, insertEnd, insertHost, insertRun, takeRun } from "./write.ts";

export interface HistoryOptions {
  /** curfew's state directory, from `stateDirectory`. */
  readonly state: string;
  readonly now: () => Date;
  /** Open what is there, for reading alone: nothing is made, brought up to date or written. */
  readonly readOnly?: boolean;
}

/**
 * Opens the history `history.sqlite` in the state directory, and makes it where there is none (directory 0700, file
 * 0600). Several curfew processes may have it open at once. Whatever a promise said was stored survives SIGKILL and
 * a power cut: write-ahead log, synchronised at each commit (https://sqlite.org/pragma.html#pragma_synchronous).
 * Errors: CurfewError `input` for a file that is damaged, out of reach, not curfew's or written by a newer curfew;
 * with `readOnly` also where there is none, or one that an older curfew wrote.
 */
export async function openSqliteHistory({ state, now, readOnly = false }: HistoryOptions): Promise<History> {
  const database = await (readOnly ? openAsItIs(state) : openDatabase(state));
  const queue = createWriteQueue(database);
  const open = new Set<RunWriter>();
  const opened: Opened = { database, queue, now, ended: (it) => open.delete(it) };
  const kept = (writer: RunWriter): RunWriter => {
    open.add(writer);
    return writer;
  };
  const read = <T>(work: () => T): Promise<T> => whenFree(database.file, () => database.snapshot(work));
  return {
    ...createViews(database, queue, read),
    begin: async (header, hosts) => kept(await beginRun(opened, header, hosts)),
    join: async (runId) => kept(await joinRun(opened, runId)),
    list: (filter) => read(() => selectRuns(database, filter).map(summaryOf)),
    find: (runId) => read(() => summaryOf(findRun(database, runId))),
    load: (runId) => read(() => readRun(database, runRow(database, runId))),
    previous: (runId) =>
      read(() => {
        const row = previousRun(database, runId);
        return row && summaryOf(row);
      }),
    changes: (before, after) =>
      read(() => readChanges(database, runRow(database, before), runRow(database, after))),
    async prune(before) {
      let count = 0;
      await queue.add(() => {
        count = pruneRuns(database, before);
      });
      // The space goes back to the file system; the next prune does it where this one cannot.
      if (count > 0) await whenFree(database.file, () => database.exec("PRAGMA incremental_vacuum"));
      return count;
    },
    export: (filter) => exportRuns(database.file, filter),
    import: (lines) =>
      importRuns(lines, {
        run: (run) => storeRun(run, database, queue),
        applied: (applied) => storeApplied(applied, database, queue),
      }),
    async close() {
      await Promise.allSettled([...open].map((writer) => writer.abandon()));
      database.close();
    },
  };
}

type Read = <T>(work: () => T) => Promise<T>;

function createViews(database: Database, queue: WriteQueue, read: Read): HistoryViews {
  return {
    newest: () => read(() => readNewest(database)),
    frame: (runId) => read(() => readFrame(database, runRow(database, runId))),
    hosts: (runId, filter) => read(() => readHostPage(database, runRow(database, runId), filter)),
    host: (runId, host) => read(() => readHost(database, runRow(database, runId), host)),
    open: (runId) => read(() => readOpen(database, runRow(database, runId))),
    checkCounts: (runId) => read(() => readCheckCounts(database, runRow(database, runId))),
    async spread(finding, runIds) {
      const spreads: FindingSpread[] = [];
      // One run at a time: others have their turn in between.
      for (const runId of runIds) {
        spreads.push(await read(() => readSpread(database, runRow(database, runId), finding)));
        await turn();
      }
      return spreads;
    },
    life: (host, filter) => read(() => readLife(database, host, filter)),
    recordApplied: (run) => queue.add(() => putApplied(database, run)),
    applied: (filter) => read(() => readApplied(database, filter)),
    appliedRun: (runId) => read(() => readAppliedRun(database, runId)),
  };
}

interface Opened {
  readonly database: Database;
  readonly queue: WriteQueue;
  readonly now: () => Date;
  readonly ended: (writer: RunWriter) => void;
}

/** A run that this process writes; `ours`: as long as it lives, the run does. */
interface Written {
  readonly run: number;
  readonly runId: string;
  readonly hosts: readonly string[];
  readonly ours: boolean;
}

async function beginRun(opened: Opened, header: AuditHeader, names: readonly string[]): Promise<RunWriter> {
  const { database, queue, now } = opened;
  const hosts = [...new Set(names)];
  let run = 0;
  await queue.add(() => {
    const written = now().toISOString();
    run = insertRun(database, header, hosts, { written, process: ownProcess() });
  });
  return createWriter(opened, { run, runId: header.runId, hosts, ours: true });
}

/** A run whose process has died becomes this one's. */
async function joinRun(opened: Opened, runId: string): Promise<RunWriter> {
  const { database, queue } = opened;
  let found: Written | undefined;
  await queue.add(() => {
    const row = runRow(database, runId);
    const state = stateOf(row);
    if (state === "finished") throw new CurfewError("input", `the audit ${runId} was ended already`);
    const ours = state === "broken-off";
    if (ours) takeRun(database, row.id, ownProcess());
    found = { run: row.id, runId, hosts: readHeader(database, row).planned, ours };
  });
  if (found === undefined) throw new Error("a run was looked for and neither found nor missed");
  return createWriter(opened, found);
}

function createWriter(
  { database, queue, now, ended }: Opened,
  { run, runId, hosts, ours }: Written,
): RunWriter {
  const positions = new Map(hosts.map((host, index) => [host, index]));
  const given = new Set<string>();
  let further = positions.size;
  let over = false;
  const add = async (work: () => void): Promise<void> => {
    if (over) throw new CurfewError("internal", `the audit ${runId} was ended already`);
    await queue.add(work);
  };
  const writer: RunWriter = {
    async addHost(audited) {
      const { host } = audited;
      if (given.has(host))
        throw new CurfewError("internal", `the audit ${runId} has the host ${host} already`);
      given.add(host);
      const position = positions.get(host) ?? further++;
      const place = { position, written: now().toISOString() };
      await add(() => insertHost(database, run, place, audited)).catch((error: unknown) => {
        given.delete(host);
        throw error;
      });
    },
    async finish(end) {
      await add(() => insertEnd(database, run, end));
      over = true;
      ended(writer);
    },
    async abandon() {
      if (over) return;
      over = true;
      ended(writer);
      if (ours) await queue.add(() => insertAbandonment(database, run));
    },
  };
  return writer;
}
