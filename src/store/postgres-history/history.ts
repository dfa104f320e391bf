/** Audits of many machines, remembered in one PostgreSQL database. Everything goes through `History`. */
import { randomUUID } from "node:crypto";
import type { History, RunFilter } from "../../model/record/history.ts";
import type { TurnToken } from "../../model/record/schedule.ts";
import type { FindingSpread, HistoryViews } from "../../model/record/history-views.ts";
import { overNewSession } from "../postgres/again.ts";
import { type Patience, PATIENCE } from "../postgres/session.ts";
import type { PostgresSettings } from "../postgres/settings.ts";
import {
  appliedLine,
  endLine,
  headLine,
  hostLine,
  type ImportedRun,
  importRuns,
} from "../history-record/lines.ts";
import { storedChanges } from "./changes.ts";
import { appliedOf, appliedPage, putAppliedRow } from "./applied.ts";
import { createGate, type Gate } from "./gate.ts";
import { prepareTables } from "./open.ts";
import { pruneStored } from "./prune.ts";
import * as read from "./read.ts";
import { createReaders, type Readers } from "./readers.ts";
import * as views from "./views.ts";
import { createWriters } from "./writers.ts";
import { insertHostRows, insertRunEnd, insertRunRow } from "./write.ts";

/** Hosts of an imported run that are put in at once. */
const PAGE = 200;

export interface PostgresHistoryOptions {
  readonly postgres: PostgresSettings;
  readonly now: () => Date;
  /** Nothing is made, upgraded or written. */
  readonly readOnly?: boolean;
  readonly patience?: Patience;
  /** Nothing is written once another machine has taken over that schedule. */
  readonly turn?: TurnToken | undefined;
}

/**
 * Opens the history in a PostgreSQL database, and makes its tables where there are none and the account may. Whatever a
 * promise said was stored survives the end of this process, of the connection and of the server.
 * Errors: CurfewError `input` for whatever the network, the server and the history itself refuse.
 */
export async function openPostgresHistory({
  postgres,
  now,
  readOnly = false,
  patience = PATIENCE,
  turn,
}: PostgresHistoryOptions): Promise<History> {
  const session = await overNewSession(postgres, patience, async (opened) => {
    await prepareTables(opened, postgres, readOnly);
    return opened;
  });
  const gate = createGate(session, postgres, patience, { readOnly, turn });
  const readers = createReaders(postgres, patience);
  const writers = createWriters(gate, readers, now);
  return {
    ...createViews(gate, readers),
    begin: (header, hosts) => writers.begin(header, hosts),
    join: (runId) => writers.join(runId),
    list: (filter) =>
      readers.read(async (at) => (await read.selectStored(at, filter)).map(read.summaryOfStored)),
    find: (runId) => readers.read(async (at) => read.summaryOfStored(await read.findStored(at, runId))),
    load: (runId) => readers.read((at) => read.loadStored(at, runId)),
    previous: (runId) =>
      readers.read(async (at) => {
        const row = await read.previousStored(at, runId);
        return row && read.summaryOfStored(row);
      }),
    changes: (before, after) => readers.read((at) => storedChanges(at, before, after)),
    prune: (before) => pruneOnce(gate, before),
    export: (filter) => readers.stream((at) => exportLines(at, filter)),
    import: (lines) =>
      importRuns(lines, {
        run: (run) => storeWhole(gate, run),
        applied: (run) => gate.write((open, known) => putAppliedRow(open, known, run, true)),
      }),
    async close() {
      await writers.close();
      await Promise.all([gate.close(), readers.close()]);
    },
  };
}

function createViews(gate: Gate, readers: Readers): HistoryViews {
  return {
    newest: () => readers.read((at) => views.newestStored(at)),
    frame: (runId) => readers.read((at) => views.frameOf(at, runId)),
    hosts: (runId, filter) => readers.read((at) => views.hostPage(at, runId, filter)),
    host: (runId, host) => readers.read((at) => views.hostOfRun(at, runId, host)),
    open: (runId) => readers.read((at) => views.openOf(at, runId)),
    checkCounts: (runId) => readers.read((at) => views.checkCountsOf(at, runId)),
    spread: (finding, runIds) =>
      readers.read(async (at) => {
        const spreads: FindingSpread[] = [];
        for (const runId of runIds) spreads.push(await views.spreadOf(at, runId, finding));
        return spreads;
      }),
    life: (host, filter) => readers.read((at) => views.lifeOf(at, host, filter)),
    recordApplied: (run) => gate.write((session, known) => putAppliedRow(session, known, run)),
    applied: (filter) => readers.read((at) => appliedPage(at, filter)),
    appliedRun: (runId) => readers.read((at) => appliedOf(at, runId)),
  };
}

async function* exportLines(at: read.Snapshot, filter: RunFilter): AsyncGenerator<string, void, undefined> {
  for (const row of await read.selectStored(at, filter)) {
    const end = read.endOf(row);
    if (end.state === "running") continue;
    const head = await read.headOf(at, row);
    yield headLine(head);
    for await (const host of read.hostsOf(at, row.id)) yield hostLine(host);
    yield endLine(head, end);
  }
  if (filter.last !== undefined || filter.like !== undefined) return;
  const { policy, since } = filter;
  const { items } = await appliedPage(at, { policy, since, offset: 0, limit: -1 });
  for (const { runId } of items.toReversed()) yield appliedLine(await appliedOf(at, runId));
}

/** Returns how many runs went, also where the answer to the first try was lost. */
function pruneOnce(gate: Gate, before: string): Promise<number> {
  let gone = 0;
  return gate.write(async (open) => {
    gone = Math.max(gone, await pruneStored(open, before));
    return gone;
  }, "alone");
}

/** Whole or not at all; false where it is there already. */
async function storeWhole(
  gate: Gate,
  { header, planned, hosts, written, end }: ImportedRun,
): Promise<boolean> {
  const writer = randomUUID();
  let stored = false;
  return gate.write(async (session, known) => {
    const [there] = await session.rows<{ writer: string }>("SELECT writer FROM curfew.run WHERE name = $1", [
      header.runId,
    ]);
    // Its own, where the answer to the first try was lost.
    if (there !== undefined) return stored && there.writer === writer;
    stored = true;
    const id = await insertRunRow(session, known, { header, hosts: planned, written, writer });
    if (id === undefined) return false;
    const run = { id, name: header.runId };
    for (let first = 0; first < hosts.length; first += PAGE) {
      const page = hosts.slice(first, first + PAGE);
      const at = Date.parse(written);
      await insertHostRows(
        session,
        known,
        page.map((audited, index) => ({ run, written: at, position: first + index, audited })),
      );
    }
    if (end !== undefined) await insertRunEnd(session, known, run, end, []);
    return true;
  });
}
