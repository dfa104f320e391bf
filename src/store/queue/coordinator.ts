/** The side of whoever has a run done: puts its hosts in, takes answers out, and takes the run away at its end. */
import { setTimeout as sleep } from "node:timers/promises";
import { didYouMean, shown } from "../../core/text/nearest.ts";
import { CurfewError } from "../../model/error.ts";
import type {
  CollectedAnswer,
  ForeignRun,
  NewSharedRun,
  SharedProgress,
  SharedRun,
  SharedWork,
} from "../../model/shared-work.ts";
import type { DatabaseSession } from "../postgres/session.ts";
import { QUEUE, queueName, within, zoneOfQueue } from "./engine.ts";
import type { Lines } from "./queue.ts";
import { packAnswer, unpackAnswer, workSchema } from "./work-schema.ts";

/** Seconds after which a coordinator that says nothing counts as gone. */
const COORDINATOR_GONE = 15;
/** Seconds after which a worker that says nothing counts as gone. */
const WORKER_GONE = 15;
/** Days after which a run that nobody went on with is taken away. */
const FORGOTTEN = 7;
/** Jobs of one statement. */
const CHUNK = 1000;
/** Answers of one look. */
const PAGE = 200;

/** A run that another coordinator began. */
export interface ContinuedRun {
  readonly run: SharedRun;
  readonly work: SharedWork;
  readonly head: unknown;
}

/** A run in the queue, and who coordinates it. */
interface Held {
  readonly id: number;
  readonly runId: string;
  readonly queues: readonly string[];
  readonly me: string;
}

/** All hosts at once or none. */
export async function beginRun(lines: Lines, run: NewSharedRun, me: string): Promise<SharedRun> {
  const { engine, own, version } = lines;
  const queues = [...new Set(run.hosts.map(({ zone }) => queueName(version, zone)))];
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
  { hosts }: NewSharedRun,
): Promise<void> {
  const byQueue = new Map<string, { data: object }[]>();
  for (const [position, { host, zone }] of hosts.entries()) {
    const queue = queueName(version, zone);
    const jobs = byQueue.get(queue) ?? [];
    byQueue.set(queue, jobs);
    jobs.push({ data: { run, position, host } });
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

async function removeRun(session: DatabaseSession, id: number, queues: readonly string[]): Promise<void> {
  await session.change(
    "DELETE FROM curfew_queue.job WHERE name = ANY($1::text[]) AND (data->>'run')::int = $2",
    [queues, id],
  );
  await session.change("DELETE FROM curfew_queue.shared_run WHERE id = $1", [id]);
}

const GONE = `seen < now() - interval '${COORDINATOR_GONE} seconds'`;

export async function leftRuns({ own, version }: Lines): Promise<ForeignRun[]> {
  return own.run((session) =>
    session.rows<ForeignRun>(
      `SELECT name AS "runId", curfew FROM curfew_queue.shared_run WHERE curfew = $1 AND ${GONE} ORDER BY id`,
      [version],
    ),
  );
}

interface StoredRun {
  readonly id: number;
  readonly curfew: string;
  readonly work: string;
  readonly head: string;
  readonly queues: string[];
  readonly owner: string;
  readonly gone: boolean;
}

/** Takes the run over; all its answers count as not known yet. */
export async function continueRun(
  lines: Lines,
  runId: string,
  owner: string,
  me: string,
): Promise<ContinuedRun> {
  const { own, version } = lines;
  const stored = await takeOver(lines, runId, owner, me);
  if (stored.curfew !== version) {
    throw new CurfewError(
      "input",
      `the run ${runId} was begun by curfew ${stored.curfew}, and this is ${version}`,
      {
        hint: `continue it with curfew ${stored.curfew}`,
      },
    );
  }
  const work = workSchema.parse(JSON.parse(stored.work));
  const head: unknown = JSON.parse(stored.head);
  await own.run((session) =>
    session.change("UPDATE curfew_queue.shared_result SET taken = false WHERE run = $1 AND taken", [
      stored.id,
    ]),
  );
  return { run: createRun(lines, { id: stored.id, runId, queues: stored.queues, me }), work, head };
}

/** One that was only slow, or whose machine is busy, is heard of again meanwhile. */
async function takeOver(
  { own, version }: Lines,
  runId: string,
  owner: string,
  me: string,
): Promise<StoredRun> {
  const columns = `id, curfew, work, head, queues, owner, coordinator = $2 OR ${GONE} AS gone`;
  for (let tries = 0; ; tries++) {
    const stored = await own.run(async (session) => {
      await session.change(
        `UPDATE curfew_queue.shared_run SET coordinator = $2, owner = $3, seen = now()
         WHERE name = $1 AND curfew = $4 AND ${GONE}`,
        [runId, me, owner, version],
      );
      const [row] = await session.rows<StoredRun>(
        `SELECT ${columns} FROM curfew_queue.shared_run WHERE name = $1`,
        [runId, me],
      );
      return row ?? unknownRun(session, runId);
    });
    if (stored.gone || stored.curfew !== version) return stored;
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

function createRun(lines: Lines, held: Held): SharedRun {
  const { own } = lines;
  let known: readonly number[] = [];
  return {
    collect: () =>
      own.run(async (session) => {
        if (known.length > 0) await markTaken(session, held, known);
        const rows = await newAnswers(session, held);
        // Known to this coordinator once it asks again: an answer whose way here was cut comes again.
        known = rows.map(({ position }) => position);
        return rows.map(({ position, worker, body }): CollectedAnswer => ({
          position,
          worker,
          answer: unpackAnswer(body),
        }));
      }),
    look: () => lookAt(lines, held),
    giveUp: (which, error) =>
      own.transaction(async (session) => {
        await prove(session, held);
        const body = packAnswer({ kind: "none", error });
        if ("zones" in which) await giveUpZones(lines, session, held, which.zones, body);
        else await putAnswers(session, held, which.positions, body);
      }),
    end: () =>
      own.transaction(async (session) => {
        await prove(session, held);
        await removeRun(session, held.id, held.queues);
      }),
  };
}

async function markTaken(
  session: DatabaseSession,
  { id }: Held,
  positions: readonly number[],
): Promise<void> {
  await session.change(
    "UPDATE curfew_queue.shared_result SET taken = true WHERE run = $1 AND position = ANY($2::int[])",
    [id, positions],
  );
}

interface AnswerRow {
  readonly position: number;
  readonly worker: string;
  readonly body: Buffer;
}

function newAnswers(session: DatabaseSession, { id }: Held): Promise<AnswerRow[]> {
  return session.rows<AnswerRow>(
    `SELECT position, worker, body FROM curfew_queue.shared_result WHERE run = $1 AND NOT taken LIMIT ${PAGE}`,
    [id],
  );
}

/** This coordinator is heard of, and still the one. */
async function prove(session: DatabaseSession, { id, runId, me }: Held): Promise<void> {
  const count = await session.change(
    "UPDATE curfew_queue.shared_run SET seen = now() WHERE id = $1 AND coordinator = $2",
    [id, me],
  );
  if (count > 0) return;
  throw new CurfewError(
    "locked",
    `another coordinator goes on with the run ${runId}, so this one ends here`,
    {
      hint: "see the other one's result",
    },
  );
}

interface JobRow {
  readonly queue: string;
  readonly state: "created" | "retry" | "active" | "failed";
  readonly position: number | null;
}

async function lookAt({ engine, own, version }: Lines, held: Held): Promise<SharedProgress> {
  await own.run((session) => prove(session, held));
  for (const queue of held.queues) await engine.supervise(queue);
  return own.run(async (session) => {
    const jobs = await session.rows<JobRow>(
      `SELECT name AS queue, state::text AS state, (data->>'position')::int AS position FROM curfew_queue.job
       WHERE name = ANY($1::text[]) AND state IN ('created', 'retry', 'active', 'failed') AND (data->>'run')::int = $2`,
      [held.queues, held.id],
    );
    const zones = await session.rows<{ zone: string }>(
      `SELECT DISTINCT unnest(zones) AS zone FROM curfew_queue.shared_worker
       WHERE curfew = $1 AND seen > now() - interval '${WORKER_GONE} seconds'`,
      [version],
    );
    return progressOf(jobs, new Set(zones.map(({ zone }) => zone)));
  });
}

function progressOf(jobs: readonly JobRow[], served: ReadonlySet<string>): SharedProgress {
  const at = (state: JobRow["state"]): number[] =>
    jobs.flatMap((job) => (job.state === state && job.position !== null ? [job.position] : []));
  const waiting = new Map<string, number>();
  for (const { queue, state } of jobs) {
    if (state !== "created" && state !== "retry") continue;
    const zone = zoneOfQueue(queue);
    waiting.set(zone, (waiting.get(zone) ?? 0) + 1);
  }
  return { active: at("active"), spent: at("failed"), waiting, served };
}

async function giveUpZones(
  { version }: Lines,
  session: DatabaseSession,
  held: Held,
  zones: readonly string[] | "all",
  body: Buffer,
): Promise<void> {
  const rows = await session.rows<{ position: number }>(
    `UPDATE curfew_queue.job SET state = 'cancelled', completed_on = now()
     WHERE name = ANY($1::text[]) AND state < 'active' AND (data->>'run')::int = $2
     RETURNING (data->>'position')::int AS position`,
    [zones === "all" ? held.queues : zones.map((zone) => queueName(version, zone)), held.id],
  );
  await putAnswers(
    session,
    held,
    rows.map(({ position }) => position),
    body,
  );
}

async function putAnswers(
  session: DatabaseSession,
  { id }: Held,
  positions: readonly number[],
  body: Buffer,
): Promise<void> {
  await session.change(
    `INSERT INTO curfew_queue.shared_result (run, position, worker, body)
     SELECT $1, position, '', $3::bytea FROM unnest($2::int[]) AS position ON CONFLICT DO NOTHING`,
    [id, positions, body],
  );
}
