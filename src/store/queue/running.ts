/** A run in the queue as its coordinator has it: answers out, hosts given up, all of it taken away at its end. */
import { randomUUID } from "node:crypto";
import { changingPlace } from "../../core/shared/travel.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type {
  AddedHost,
  Begun,
  CollectedAnswer,
  SharedProgress,
  SharedRun,
} from "../../model/record/shared-work.ts";
import type { DatabaseSession } from "../postgres/session.ts";
import { placeOfQueue, queueName, within } from "./engine.ts";
import type { Lines } from "./line.ts";
import { LARGEST_ANSWER, packAnswer, unpackAnswer } from "./work-schema.ts";

/** Seconds after which a worker that says nothing counts as gone. */
const WORKER_GONE = 15;
/** Answers of one look, and how many bytes they may take here, packed and unpacked; one alone may take more. */
const PAGE = 200;
const PAGE_BYTES = 64 * 1024 * 1024;

/** A run in the queue, and who coordinates it. */
interface Held {
  readonly id: number;
  readonly runId: string;
  readonly queues: readonly string[];
  readonly me: string;
}

export function createRun(lines: Lines, held: Held): SharedRun {
  const { own } = lines;
  let known: readonly number[] = [];
  return {
    async collect() {
      if (known.length > 0) await own.transaction((session) => markTaken(session, held, known));
      const rows = await own.run((session) => newAnswers(session, held));
      const answers = unpackSome(rows);
      // Known to this coordinator once it asks again: an answer whose way here was cut comes again.
      known = answers.map(({ position }) => position);
      return answers;
    },
    look: () => lookAt(lines, held),
    beat: () => own.run((session) => prove(session, held)),
    add: (host) => addJob(lines, held, host, randomUUID()),
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

/** A second try after a lost answer finds its own first one by its id. */
async function addJob(
  { engine, own, version }: Lines,
  held: Held,
  { place, look, ...asked }: AddedHost,
  id: string,
): Promise<void> {
  const { position, host, approved } = asked;
  const about = { ...(approved && { approved }), ...(look && { look }) };
  const data = { run: held.id, runId: held.runId, position, host, ...about };
  // What one worker began no other one begins again.
  const tries = look === true ? {} : { retryLimit: 0 };
  await own.transaction(async (session) => {
    await prove(session, held);
    await engine.insert(queueName(version, place), [{ id, data, ...tries }], within(session));
  });
}

/** With the proof in one transaction: a coordinator that was frozen must not take answers from the one that went on. */
async function markTaken(session: DatabaseSession, held: Held, positions: readonly number[]): Promise<void> {
  await prove(session, held);
  await session.change(
    "UPDATE curfew_queue.shared_result SET taken = true WHERE run = $1 AND position = ANY($2::int[])",
    [held.id, positions],
  );
}

interface AnswerRow {
  readonly position: number;
  readonly worker: string;
  readonly body: Buffer;
}

/** How long a body is, the database knows without reading it. */
function newAnswers(session: DatabaseSession, { id }: Held): Promise<AnswerRow[]> {
  return session.rows<AnswerRow>(
    `SELECT r.position, r.worker, CASE WHEN fits THEN r.body ELSE '' END AS body
     FROM (SELECT position, octet_length(body) <= ${LARGEST_ANSWER} AS fits,
                  sum(octet_length(body)) OVER (ORDER BY position) - octet_length(body) AS before
           FROM (SELECT position, body FROM curfew_queue.shared_result
                 WHERE run = $1 AND NOT taken ORDER BY position LIMIT ${PAGE}) AS page) AS sized
     JOIN curfew_queue.shared_result r ON r.run = $1 AND r.position = sized.position
     WHERE before < ${PAGE_BYTES} ORDER BY r.position`,
    [id],
  );
}

/** Until they take too much; the others come with the next look. */
function unpackSome(rows: readonly AnswerRow[]): CollectedAnswer[] {
  const answers: CollectedAnswer[] = [];
  let bytes = 0;
  for (const { position, worker, body } of rows) {
    if (bytes >= PAGE_BYTES) break;
    const { answer, size } = unpackAnswer(body);
    bytes += size;
    answers.push({ position, worker, answer });
  }
  return answers;
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

/** Of a job, compared as text: one damaged row must not end every look at its queue. */
const OF_RUN = "data->>'run' = $2::text";
/** Null where it is not one. */
const POSITION = "CASE WHEN data->>'position' ~ '^[0-9]{1,9}$' THEN (data->>'position')::int END";

/** Of the hosts of one queue: how many wait, and which are in work or spent; those that wait may be thousands. */
interface QueueRow {
  readonly queue: string;
  readonly waiting: number;
  readonly active: readonly (number | null)[];
  readonly spent: readonly (number | null)[];
}

async function lookAt({ engine, own, version }: Lines, held: Held): Promise<SharedProgress> {
  await own.run((session) => prove(session, held));
  for (const queue of held.queues) await engine.supervise(queue);
  return own.run(async (session) => {
    const position = `coalesce(array_agg(${POSITION})`;
    const queues = await session.rows<QueueRow>(
      `SELECT name AS queue, count(*) FILTER (WHERE state < 'active') AS waiting,
              ${position} FILTER (WHERE state = 'active'), '{}') AS active,
              ${position} FILTER (WHERE state = 'failed'), '{}') AS spent
       FROM curfew_queue.job
       WHERE name = ANY($1::text[]) AND state IN ('created', 'retry', 'active', 'failed') AND ${OF_RUN}
       GROUP BY name`,
      [held.queues, held.id],
    );
    // After the states: whoever was allowed to begin before its host was taken from it has said so by now.
    const begun = await begunHosts(session, held);
    return { ...progressOf(queues), begun, served: await servedPlaces(session, version) };
  });
}

/** Places that living workers of this version serve. */
export async function servedPlaces(session: DatabaseSession, version: string): Promise<Set<string>> {
  const rows = await session.rows<{ zone: string; applies: boolean }>(
    `SELECT unnest(zones) AS zone, bool_or(applies) AS applies FROM curfew_queue.shared_worker
     WHERE curfew = $1 AND seen > now() - interval '${WORKER_GONE} seconds' GROUP BY 1`,
    [version],
  );
  return new Set(rows.flatMap(({ zone, applies }) => (applies ? [zone, changingPlace(zone)] : [zone])));
}

async function begunHosts(session: DatabaseSession, { id }: Held): Promise<Map<number, Begun>> {
  const rows = await session.rows<Begun & { readonly position: number }>(
    `SELECT DISTINCT ON (position) position, worker, changes,
            extract(epoch FROM now() - at)::float8 AS "secondsAgo"
     FROM curfew_queue.shared_begun WHERE run = $1 ORDER BY position, id DESC`,
    [id],
  );
  return new Map(rows.map(({ position, ...begun }) => [position, begun]));
}

function progressOf(queues: readonly QueueRow[]): Omit<SharedProgress, "begun" | "served"> {
  return {
    active: queues.flatMap(({ active }) => numbered(active)),
    spent: queues.flatMap(({ spent }) => numbered(spent)),
    waiting: new Map(queues.map(({ queue, waiting }) => [placeOfQueue(queue), waiting])),
  };
}

/** A row that is not a job of any curfew has none. */
function numbered(positions: readonly (number | null)[]): number[] {
  return positions.filter((position) => position !== null);
}

async function giveUpZones(
  { version }: Lines,
  session: DatabaseSession,
  held: Held,
  zones: readonly string[] | "all",
  body: Buffer,
): Promise<void> {
  const rows = await session.rows<{ position: number | null }>(
    `UPDATE curfew_queue.job SET state = 'cancelled', completed_on = now()
     WHERE name = ANY($1::text[]) AND state < 'active' AND ${OF_RUN}
     RETURNING ${POSITION} AS position`,
    [zones === "all" ? held.queues : zones.map((zone) => queueName(version, zone)), held.id],
  );
  await putAnswers(session, held, numbered(rows.map(({ position }) => position)), body);
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

/** With its jobs and answers. */
export async function removeRun(
  session: DatabaseSession,
  id: number,
  queues: readonly string[],
): Promise<void> {
  await session.change(`DELETE FROM curfew_queue.job WHERE name = ANY($1::text[]) AND ${OF_RUN}`, [
    queues,
    id,
  ]);
  await session.change("DELETE FROM curfew_queue.shared_run WHERE id = $1", [id]);
}
