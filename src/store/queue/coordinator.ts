/** The side of whoever has a run done: puts its hosts in, or takes over where another one is gone. */
import { setTimeout as sleep } from "node:timers/promises";
import { readJson } from "../../core/text/json.ts";
import { didYouMean, shown } from "../../core/text/nearest.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { LeftRun, NewSharedRun, SharedRun, SharedWork } from "../../model/record/shared-work.ts";
import type { DatabaseSession } from "../postgres/session.ts";
import { QUEUE, queueName, within } from "./engine.ts";
import type { Lines } from "./line.ts";
import { createRun, removeRun } from "./running.ts";
import { readWork } from "./work-schema.ts";

/** Seconds after which a coordinator that says nothing counts as gone. */
const COORDINATOR_GONE = 15;
/** Days after which a run that nobody went on with is taken away. */
const FORGOTTEN = 7;
/** Jobs of one statement. */
const CHUNK = 1000;

/** What the queue knows of a run that another coordinator began. */
export interface FoundRun {
  readonly work: SharedWork;
  readonly head: unknown;
}

/** The same, with this coordinator in its place. */
export interface ContinuedRun extends FoundRun {
  readonly run: SharedRun;
}

/** All hosts at once or none. */
export async function beginRun(lines: Lines, run: NewSharedRun, me: string): Promise<SharedRun> {
  const { engine, own, version } = lines;
  const places = [...run.hosts.map(({ zone }) => zone), ...(run.places ?? [])];
  const queues = [...new Set(places.map((place) => queueName(version, place)))];
  for (const queue of queues) await engine.createQueue(queue, QUEUE);
  // So that the transaction has to ask nothing beside it.
  for (const queue of queues) await engine.touch(queue, me);
  await own.run((session) => forget(session));
  const id = await own.transaction(async (session) => {
    const there = await idOf(session, run.runId, me);
    if (there !== undefined) return there;
    const made = await insertRun(session, version, run, queues, me);
    await insertJobs(lines, session, made, run);
    return made;
  });
  return createRun(lines, { id, runId: run.runId, queues, me });
}

/** A second try after a lost answer finds its own first one. */
async function idOf(session: DatabaseSession, runId: string, me: string): Promise<number | undefined> {
  const [row] = await session.rows<{ id: number }>(
    "SELECT id FROM curfew_queue.shared_run WHERE name = $1 AND coordinator = $2",
    [runId, me],
  );
  return row?.id;
}

async function insertRun(
  session: DatabaseSession,
  version: string,
  { runId, work, head, owner }: NewSharedRun,
  queues: readonly string[],
  me: string,
): Promise<number> {
  const [row] = await session.rows<{ id: number }>(
    `INSERT INTO curfew_queue.shared_run (name, curfew, work, head, queues, owner, coordinator)
     VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
    [runId, version, JSON.stringify(work), JSON.stringify(head), queues, owner, me],
  );
  if (row === undefined) throw new Error("PostgreSQL answered without a row");
  return row.id;
}

async function insertJobs(
  { engine, version }: Lines,
  session: DatabaseSession,
  run: number,
  { runId, hosts }: NewSharedRun,
): Promise<void> {
  const byQueue = new Map<string, { data: object }[]>();
  for (const [position, { host, zone }] of hosts.entries()) {
    const queue = queueName(version, zone);
    const jobs = byQueue.get(queue) ?? [];
    byQueue.set(queue, jobs);
    jobs.push({ data: { run, runId, position, host } });
  }
  for (const [queue, jobs] of byQueue) {
    for (let first = 0; first < jobs.length; first += CHUNK) {
      await engine.insert(queue, jobs.slice(first, first + CHUNK), within(session));
    }
  }
}

/** Runs that nobody went on with for days. */
async function forget(session: DatabaseSession): Promise<void> {
  const gone = await session.rows<{ id: number; queues: string[] }>(
    `SELECT id, queues FROM curfew_queue.shared_run WHERE seen < now() - interval '${FORGOTTEN} days'`,
  );
  for (const { id, queues } of gone) await removeRun(session, id, queues);
}

const GONE = `seen < now() - interval '${COORDINATOR_GONE} seconds'`;

export async function leftRuns({ own, version }: Lines): Promise<LeftRun[]> {
  const rows = await own.run((session) =>
    session.rows<{ runId: string; work: string }>(
      `SELECT name AS "runId", work FROM curfew_queue.shared_run WHERE curfew = $1 AND ${GONE} ORDER BY id`,
      [version],
    ),
  );
  return rows.map(({ runId, work }) => ({ runId, changes: readWork(work)?.kind === "apply" }));
}

interface StoredRun {
  readonly id: number;
  readonly curfew: string;
  readonly work: string;
  readonly head: string;
  readonly queues: string[];
  readonly owner: string;
  /** Whether this coordinator has it. */
  readonly mine: boolean;
}

/**
 * Takes the run over; all its answers count as not known yet. `check` throws where it is not the run that was meant:
 * then its coordinator, or whoever goes on with it, was not disturbed.
 */
export async function continueRun(
  lines: Lines,
  runId: string,
  owner: string,
  me: string,
  check: (found: FoundRun) => void,
): Promise<ContinuedRun> {
  const { own } = lines;
  const seen = await own.run((session) => storedRun(session, runId, me));
  const found = readRun(lines, runId, seen);
  check(found);
  await takeOver(lines, seen, runId, owner, me);
  const { id, queues } = seen;
  await own.run((session) =>
    session.change("UPDATE curfew_queue.shared_result SET taken = false WHERE run = $1 AND taken", [id]),
  );
  return { run: createRun(lines, { id, runId, queues, me }), ...found };
}

/** Errors: CurfewError `input` for a run of another curfew and for a damaged one. */
function readRun({ version }: Lines, runId: string, stored: StoredRun): FoundRun {
  const { curfew } = stored;
  if (curfew !== version) {
    throw new CurfewError("input", `the run ${runId} was begun by curfew ${curfew}, and this is ${version}`, {
      hint: `continue it with curfew ${curfew}`,
    });
  }
  const work = readWork(stored.work);
  if (work !== undefined) return { work, head: readJson(stored.head) };
  throw new CurfewError(
    "input",
    `the run ${shown(runId)} cannot be continued: its entry in the queue cannot be read`,
  );
}

async function storedRun(session: DatabaseSession, runId: string, me: string): Promise<StoredRun> {
  const [row] = await session.rows<StoredRun>(
    `SELECT id, curfew, work, head, queues, owner, coordinator = $2 AS mine FROM curfew_queue.shared_run WHERE name = $1`,
    [runId, me],
  );
  return row ?? unknownRun(session, runId);
}

/** One that was only slow, or whose machine is busy, is heard of again meanwhile. */
async function takeOver(
  { own }: Lines,
  { id }: StoredRun,
  runId: string,
  owner: string,
  me: string,
): Promise<void> {
  for (let tries = 0; ; tries++) {
    const stored = await own.run(async (session) => {
      await session.change(
        `UPDATE curfew_queue.shared_run SET coordinator = $2, owner = $3, seen = now() WHERE id = $1 AND ${GONE}`,
        [id, me, owner],
      );
      return storedRun(session, runId, me);
    });
    if (stored.mine) return;
    if (tries === COORDINATOR_GONE + 1) {
      throw new CurfewError("locked", `${stored.owner} works on the run ${runId}`, {
        hint: "let it come to its end, or end that process",
      });
    }
    await sleep(1000);
  }
}

async function unknownRun(session: DatabaseSession, runId: string): Promise<never> {
  const rows = await session.rows<{ name: string }>("SELECT name FROM curfew_queue.shared_run");
  const guess = didYouMean(
    runId,
    rows.map(({ name }) => name),
  );
  throw new CurfewError("input", `no run ${shown(runId)} is open in the queue${guess}`, {
    hint: "a run is in the queue until it ends; curfew history lists those that ended",
  });
}
