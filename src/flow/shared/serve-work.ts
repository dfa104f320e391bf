/** A worker: takes hosts as long as it has room, says every few seconds that it lives, and answers what it was asked. */
import { CurfewError } from "../../model/terms/error.ts";
import type { HostAnswer, QueuedHost, TakenJob, WorkerQueue } from "../../model/record/shared-work.ts";
import type { RunContext } from "../run/context.ts";
import { createLanes } from "../verify.ts";
import { doHost, notDone, type PreparedRun, prepareRun, seenFrom } from "./do-host.ts";

/** Milliseconds between two signs of life; after `HEARTBEAT` seconds without one, others get its hosts. */
const BEAT = 4000;
/** Milliseconds between two looks into an empty queue. */
const IDLE = 500;
/** Milliseconds before the database is asked again. */
const AGAIN = 2000;
/** Milliseconds after which it is said that an answer is not stored yet. */
const SLOW = 5000;
/** Runs that are remembered. */
const MOST_RUNS = 50;
/** Hosts that one worker holds, most of them waiting for sessions to end. */
const MOST_HELD = 1000;

export interface WorkerSetup {
  readonly queue: WorkerQueue;
  readonly name: string;
  /** Whether it changes hosts as well. */
  readonly applies: boolean;
  /** What hosts that were taken together are reached with. Its `stopping` is not looked at. */
  readonly contextFor: (jobs: readonly TakenJob[]) => Promise<RunContext>;
  readonly lanes: number;
  /** No further host is taken; those that are held are done. */
  readonly stopping: AbortSignal;
  /** Those that are held go back into the queue. */
  readonly aborting: AbortSignal;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly tell: (event: WorkerEvent) => void;
}

/** What people who watch a worker hear. */
export type WorkerEvent =
  | { readonly type: "taken"; readonly runId: string; readonly host: string; readonly attempt: number }
  | { readonly type: "answered"; readonly runId: string; readonly host: string; readonly answer: HostAnswer }
  /** A host was changed, and the database does not take that for now; the last word where the worker ends. */
  | {
      readonly type: "unstored";
      readonly runId: string;
      readonly host: string;
      readonly answer: HostAnswer;
      readonly last: boolean;
    }
  /** Another worker has it: this one was thought to be gone. */
  | { readonly type: "lost"; readonly runId: string; readonly host: string }
  | { readonly type: "refused-run"; readonly runId: string; readonly curfew: string }
  | { readonly type: "trouble"; readonly error: CurfewError };

/** Until it is told to stop, and what it holds is done. Errors: defects alone; what the database refuses is told and tried again. */
export async function serveWork(setup: WorkerSetup): Promise<void> {
  const held: Held = new Set();
  const working = new Set<Promise<void>>();
  const over = new AbortController();
  const beating = beat(setup, held, over.signal);
  const done = takeHosts(setup, held, working).finally(() => Promise.all(working));
  // Also where the way to hosts cannot be made: a worker that goes on to say that it lives keeps its hosts from others.
  await done.finally(async () => {
    over.abort();
    await beating;
    await patiently(setup, () => setup.queue.leave());
  });
}

async function takeHosts(setup: WorkerSetup, held: Held, working: Set<Promise<void>>): Promise<void> {
  const take = createTaker(setup, held);
  while (!setup.stopping.aborted) {
    const room = roomFor(held, setup.lanes);
    const jobs = room > 0 ? await patiently(setup, () => setup.queue.take(room)) : [];
    for (const done of jobs === undefined || jobs.length === 0 ? [] : await take(jobs)) {
      working.add(done);
      void done.finally(() => working.delete(done));
    }
    if (jobs === undefined) await setup.sleep(AGAIN);
    else if (jobs.length === 0) await setup.sleep(IDLE);
  }
}

/** Hosts whose sessions are only waited for take no lane: the waits of a thousand cost next to nothing. */
interface HeldJob {
  readonly job: TakenJob;
  waits: boolean;
}
type Held = Set<HeldJob>;

function roomFor(held: Held, lanes: number): number {
  const busy = [...held].filter(({ waits }) => !waits).length;
  return Math.min(lanes - busy, MOST_HELD - held.size);
}

/** Undefined where the database refused it, which is told. */
async function patiently<T>({ tell }: WorkerSetup, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CurfewError)) throw error;
    tell({ type: "trouble", error });
    return undefined;
  }
}

/** Begins with what was taken together; returns the promise of each host. */
function createTaker(setup: WorkerSetup, held: Held) {
  const { queue, tell, name, applies } = setup;
  const lanes = createLanes({ concurrency: setup.lanes });
  const runs = new Map<string, Promise<PreparedRun>>();

  function runOf(task: QueuedHost, context: RunContext): Promise<PreparedRun> {
    const { runId } = task;
    const known = runs.get(runId) ?? queue.workOf(task).then((work) => prepareRun(runId, work, context));
    if (runs.size >= MOST_RUNS) runs.clear();
    runs.set(runId, known);
    // What the database refused now it may give later.
    known.catch(() => runs.delete(runId));
    return known;
  }

  async function one(each: HeldJob, given: RunContext): Promise<void> {
    const { job } = each;
    const { task } = job;
    const context = { ...given, emit: waitListener(each) };
    if (task === undefined) return void (await patiently(setup, () => queue.refuse(job)));
    const { runId } = task;
    const answer = await runOf(task, context)
      .then((run) => {
        tell({ type: "taken", runId, host: task.host.name, attempt: job.attempt });
        return doHost(run, task, context, lanes, {
          name,
          applies,
          permit: (changes) => queue.permit(job, changes),
        });
      })
      .catch((error: unknown) => notDone(error));
    if (answer === undefined) return void (await patiently(setup, () => queue.release([job])));
    await deliver(job, runId, task.host.name, seenFrom(answer, setup.name));
  }

  /** Until the database has taken it or refused it for good. What was changed is said meanwhile. */
  async function deliver(job: TakenJob, runId: string, host: string, answer: HostAnswer): Promise<void> {
    const told = { runId, host, answer };
    let open = true;
    const sayUnstored = (last: boolean): void => {
      if (open && answer.kind === "apply") tell({ type: "unstored", ...told, last });
    };
    if (answer.kind === "apply") void setup.sleep(SLOW).then(() => sayUnstored(false));
    while (open) {
      const stored = await patiently(setup, () => queue.answer(job, answer));
      if (stored === undefined && !setup.aborting.aborted) {
        await setup.sleep(AGAIN);
        continue;
      }
      if (stored === undefined) sayUnstored(true);
      else tell({ type: stored ? "answered" : "lost", ...told });
      open = false;
    }
  }

  return async (jobs: readonly TakenJob[]): Promise<Promise<void>[]> => {
    const added = jobs.map((job): HeldJob => ({ job, waits: false }));
    for (const each of added) held.add(each);
    const context = await setup.contextFor(jobs).catch(async (error: unknown) => {
      for (const each of added) held.delete(each);
      await patiently(setup, () => queue.release(jobs));
      throw error;
    });
    const calm = { ...context, stopping: new AbortController().signal };
    return added.map((each) => one(each, calm).finally(() => held.delete(each)));
  };
}

function waitListener(each: HeldJob): RunContext["emit"] {
  return (event) => {
    if (event.type === "host-step" && event.step === "probing") each.waits = true;
  };
}

/** Also while nothing is held: coordinators want to know which zones are served. A worker that takes no further host serves none. */
async function beat(setup: WorkerSetup, held: Held, over: AbortSignal): Promise<void> {
  const { queue, tell, sleep, stopping } = setup;
  const refused = new Set<string>();
  while (!over.aborted) {
    const drains = stopping.aborted;
    const foreign = drains
      ? await patiently(setup, () => queue.leave())
      : await patiently(setup, () => queue.announce(setup.lanes));
    for (const { runId, curfew } of foreign ?? []) {
      if (!refused.has(runId)) tell({ type: "refused-run", runId, curfew });
      refused.add(runId);
    }
    const jobs = [...held].map(({ job }) => job);
    if (jobs.length > 0) await patiently(setup, () => queue.touch(jobs));
    for (let waited = 0; waited < BEAT && !over.aborted && stopping.aborted === drains; waited += IDLE)
      await sleep(IDLE);
  }
}
