/** Whether a host may be changed, asked right before it is. */
import { setTimeout as sleep } from "node:timers/promises";
import { CurfewError } from "../../model/terms/error.ts";
import type { QueuedHost, TakenJob } from "../../model/record/shared-work.ts";
import type { DatabaseSession } from "../postgres/session.ts";
import type { Lines } from "./line.ts";

/** Milliseconds in which the coordinator has to give a sign of life, and between two looks for it. */
const PATIENCE = 15_000;
const AGAIN = 200;
/** Milliseconds from the last question to the change: a worker that was frozen in between may be given up by now. */
const FRESH = 5000;

/**
 * Writes down that this worker changes the host, where its coordinator lived after this was asked and the host was not taken
 * from the worker: the row of the job is what both lock. Errors: CurfewError `interrupted` where it may not be changed.
 */
export async function permit(
  { own }: Lines,
  { name }: { readonly name: string },
  job: TakenJob,
  changes: string,
): Promise<void> {
  const { task } = job;
  if (task === undefined) throw refused("what is in the queue is not a host");
  const asked = await own.run((session) => stillMine(session, job));
  await heardOf(own, task, asked);
  const before = performance.now();
  const allowed = await own.transaction(async (session) => {
    await stillMine(session, job);
    return session.change(
      `INSERT INTO curfew_queue.shared_begun (run, position, worker, changes)
       SELECT id, $3::int, $4::text, $5::text FROM curfew_queue.shared_run WHERE id = $1 AND name = $2`,
      [task.run, task.runId, task.position, name, changes],
    );
  });
  if (allowed === 0) throw ended();
  if (performance.now() - before > FRESH) throw refused("this worker was held up");
}

/** The database's time, as text: a clock of its own, and finer than a date of JavaScript. */
async function stillMine(session: DatabaseSession, { queue, id, attempt }: TakenJob): Promise<string> {
  const [row] = await session.rows<{ asked: string }>(
    `UPDATE curfew_queue.job SET heartbeat_on = now()
     WHERE name = $1 AND id = $2 AND state = 'active' AND retry_count = $3 RETURNING clock_timestamp()::text AS asked`,
    [queue, id, attempt],
  );
  if (row === undefined) throw refused("the coordinator has given up waiting for this worker");
  return row.asked;
}

async function heardOf(own: Lines["own"], { run, runId }: QueuedHost, asked: string): Promise<void> {
  const begin = performance.now();
  for (;;) {
    const [row] = await own.run((session) =>
      session.rows<{ lives: boolean }>(
        "SELECT seen > $3::timestamptz AS lives FROM curfew_queue.shared_run WHERE id = $1 AND name = $2",
        [run, runId, asked],
      ),
    );
    if (row === undefined) throw ended();
    if (row.lives) return;
    if (performance.now() - begin > PATIENCE) {
      throw refused(`the coordinator gave no sign of life for ${PATIENCE / 1000} s`);
    }
    await sleep(AGAIN);
  }
}

function ended(): CurfewError {
  return refused("the run has ended");
}

function refused(why: string): CurfewError {
  return new CurfewError("interrupted", `not begun: ${why}`);
}
