/** The side of whoever does the hosts: takes, says that it lives, answers. What it reads is hostile until it was checked. */
import { changingPlace } from "../../core/shared/travel.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type {
  ForeignRun,
  HostAnswer,
  QueuedHost,
  SharedWork,
  TakenJob,
  WorkerQueue,
} from "../../model/record/shared-work.ts";
import type { DatabaseSession } from "../postgres/session.ts";
import { queueName, within } from "./engine.ts";
import type { Lines } from "./line.ts";
import { permit } from "./permit.ts";
import { jobSchema, packAnswer, readWork } from "./work-schema.ts";

interface Identity {
  readonly id: string;
  readonly name: string;
  readonly zones: readonly string[];
  readonly applies: boolean;
}

/** What the engine says beside its declared type (mapCommandResponse in its manager.js). */
interface Settled {
  readonly affected: number;
  readonly settled: readonly string[];
}

export function createWorkerQueue(lines: Lines, me: Identity): WorkerQueue {
  const { engine, own, version } = lines;
  const made = new Set<string>();
  const places = me.applies ? [...me.zones, ...me.zones.map(changingPlace)] : me.zones;
  let turn = 0;
  return {
    async take(most) {
      const taken: TakenJob[] = [];
      // Another one comes first each time, so that a long run in one does not keep the others waiting.
      const first = turn++ % places.length;
      for (const place of [...places.slice(first), ...places.slice(0, first)]) {
        if (taken.length === most) break;
        taken.push(...(await fetchFrom(lines, made, queueName(version, place), most - taken.length)));
      }
      return taken;
    },
    workOf: (task) => own.run((session) => workOf(session, version, task)),
    async touch(jobs) {
      const lost: TakenJob[] = [];
      for (const [queue, each] of byQueue(jobs)) {
        const { settled } = (await engine.touch(queue, each.map(attemptOf))) as unknown as Settled;
        lost.push(...each.filter(({ id }) => settled.includes(id) !== true));
      }
      return lost;
    },
    permit: (job, changes) => permit(lines, me, job, changes),
    answer: (job, answer) => own.transaction((session) => putAnswer(lines, session, me, job, answer)),
    release: (jobs) => own.run((session) => setState(session, jobs, "retry")),
    refuse: (job) => own.run((session) => setState(session, [job], "failed")),
    announce: (lanes) =>
      own.run(async (session) => {
        await announce(session, version, me, lanes);
        return session.rows<ForeignRun>(
          `SELECT name AS "runId", curfew FROM curfew_queue.shared_run WHERE curfew <> $1 ORDER BY id LIMIT 100`,
          [version],
        );
      }),
    leave: () =>
      own.run(async (session) => {
        await session.change("DELETE FROM curfew_queue.shared_worker WHERE id = $1", [me.id]);
      }),
    close: () => lines.close(),
  };
}

/** A queue that no run of this version has made yet has no hosts; none is ever taken away. */
async function fetchFrom(
  { engine }: Lines,
  made: Set<string>,
  queue: string,
  most: number,
): Promise<TakenJob[]> {
  if (!made.has(queue) && (await engine.getQueue(queue)) === null) return [];
  made.add(queue);
  const jobs = await engine.fetch(queue, { batchSize: most });
  return jobs.map(({ id, data, retryCount }) => {
    const parsed = jobSchema.safeParse(data);
    return { queue, id, attempt: retryCount, task: parsed.success ? parsed.data : undefined };
  });
}

async function workOf(
  session: DatabaseSession,
  version: string,
  { run, runId }: QueuedHost,
): Promise<SharedWork> {
  type Row = { readonly curfew: string; readonly work: string };
  const [row] = await session.rows<Row>(
    "SELECT curfew, work FROM curfew_queue.shared_run WHERE id = $1 AND name = $2",
    [run, runId],
  );
  if (row === undefined) throw new CurfewError("input", "the run of this host is no longer in the queue");
  if (row.curfew !== version) {
    throw new CurfewError(
      "input",
      `this run was begun by curfew ${row.curfew}, and the worker is ${version}`,
    );
  }
  const work = readWork(row.work);
  if (work !== undefined) return work;
  throw new CurfewError(
    "input",
    "the entry of this run in the queue cannot be read, so the worker does nothing for it",
  );
}

/** The engine's own word that this try still counts, and the answer, together or not at all. */
async function putAnswer(
  { engine }: Lines,
  session: DatabaseSession,
  { name }: Identity,
  job: TakenJob,
  answer: HostAnswer,
): Promise<boolean> {
  const done: unknown = await engine.complete(job.queue, [attemptOf(job)], null, within(session));
  const { affected } = done as Settled;
  if (job.task === undefined) return false;
  // A host that was changed is no other worker's: also what this one says late is known of nobody else.
  if (affected === 0 && answer.kind !== "apply") return false;
  // A job of a run that is not there is done with: refused by the database, it would be tried again without end.
  const stored = await session.change(
    `INSERT INTO curfew_queue.shared_result (run, position, worker, body)
     SELECT id, $2::int, $3::text, $4::bytea FROM curfew_queue.shared_run WHERE id = $1 ON CONFLICT DO NOTHING`,
    [job.task.run, job.task.position, name, packAnswer(answer)],
  );
  return affected > 0 || stored > 0;
}

async function setState(
  session: DatabaseSession,
  jobs: readonly TakenJob[],
  state: "retry" | "failed",
): Promise<void> {
  await session.change(
    `UPDATE curfew_queue.job AS j SET state = '${state}'
     FROM unnest($1::text[], $2::uuid[], $3::int[]) AS w (name, id, attempt)
     WHERE j.name = w.name AND j.id = w.id AND j.state = 'active' AND j.retry_count = w.attempt`,
    [jobs.map(({ queue }) => queue), jobs.map(({ id }) => id), jobs.map(({ attempt }) => attempt)],
  );
}

async function announce(
  session: DatabaseSession,
  version: string,
  { id, name, zones, applies }: Identity,
  lanes: number,
): Promise<void> {
  await session.change(
    `INSERT INTO curfew_queue.shared_worker (id, name, curfew, zones, lanes, applies) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (id) DO UPDATE SET seen = now()`,
    [id, name, version, zones, lanes, applies],
  );
  await session.change("DELETE FROM curfew_queue.shared_worker WHERE seen < now() - interval '1 day'");
}

function attemptOf({ id, attempt }: TakenJob): { id: string; retryCount: number } {
  return { id, retryCount: attempt };
}

function byQueue(jobs: readonly TakenJob[]): Map<string, TakenJob[]> {
  const found = new Map<string, TakenJob[]>();
  for (const job of jobs) found.set(job.queue, [...(found.get(job.queue) ?? []), job]);
  return found;
}
