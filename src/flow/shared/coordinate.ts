/** One run over many machines: hosts go into the queue, workers do them, and their answers come back in whatever order. */
import { SPENT, type Unserved, VANISHED } from "../../core/shared/unserved.ts";
import { CurfewError, type ErrorData } from "../../model/terms/error.ts";
import type { Host } from "../../model/inventory/host.ts";
import type {
  CollectedAnswer,
  HostAnswer,
  SharedProgress,
  SharedRun,
} from "../../model/record/shared-work.ts";
import { giveUpUnserved, showActive, type Watched, type WatchSetup } from "./watch.ts";

/**
 * Milliseconds between two looks for answers while a hundred hosts or fewer are open: those that come meanwhile are
 * fetched and stored together. Many hosts can wait longer, up to `COLLECT_LONGEST`: each look costs the database the same.
 */
const COLLECT = 250;
const COLLECT_LONGEST = 1000;
/** So many at once, and there are more. */
const MANY = 100;
/** Milliseconds between two looks at who works, which also give the hosts of dead workers to others. */
const LOOK = 2000;

export interface CoordinationSetup extends WatchSetup {
  /** Puts the run into the queue, or takes it over: not before the first host is asked for. */
  readonly open: () => Promise<SharedRun>;
  /** Names in the order of the queue's positions. */
  readonly hosts: readonly string[];
}

export interface Coordination {
  /** The answer to one host of the run. Errors: CurfewError about that host. */
  host(host: Host): Promise<HostAnswer>;
  /** Rejects once the run cannot be coordinated any more; no host is to be judged by that. */
  readonly failed: Promise<never>;
  /** The run is over: takes it out of the queue. Errors: CurfewError `locked` where another coordinator has it. */
  finish(): Promise<void>;
}

interface Waiting extends Watched {
  readonly answered: PromiseWithResolvers<HostAnswer>;
  settled: boolean;
}

export function coordinate(setup: CoordinationSetup): Coordination {
  const waiting = setup.hosts.map((name): Waiting => ({
    name,
    answered: Promise.withResolvers<HostAnswer>(),
    settled: false,
    seen: false,
  }));
  const byName = new Map(waiting.map((each) => [each.name, each]));
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  let opened: Promise<SharedRun> | undefined;
  const begin = (): void => {
    if (opened !== undefined) return;
    opened = setup.open();
    opened.then((run) => loop(run, waiting, setup)).catch((error: unknown) => failure.reject(error));
  };
  return {
    host({ name }) {
      begin();
      const found = byName.get(name);
      if (found === undefined) throw new Error(`${name} is not a host of this run`);
      return found.answered.promise;
    },
    failed: failure.promise,
    async finish() {
      const run = await opened;
      await run?.end();
    },
  };
}

/** Until every host has its answer. */
async function loop(run: SharedRun, waiting: readonly Waiting[], setup: CoordinationSetup): Promise<void> {
  const { context } = setup;
  let unserved: Unserved = new Map();
  let lastLook = Number.NEGATIVE_INFINITY;
  let stopped = false;
  while (waiting.some(({ settled }) => !settled)) {
    if (context.aborting.aborted) return settleAll(waiting, INTERRUPTED);
    const answers = await run.collect();
    for (const answer of answers) settle(waiting, answer);
    const now = context.clock();
    if (now - lastLook >= LOOK) {
      lastLook = now;
      const progress = await run.look();
      showActive(progress, (position) => openAt(waiting, position), setup);
      unserved = await giveUpUnserved(run, unserved, progress, setup);
      await giveUpLost(run, progress, waiting, answers.length === 0);
      // Also those that came back from a worker that died meanwhile.
      stopped = false;
    }
    if (context.stopping.aborted && !stopped) {
      stopped = true;
      await run.giveUp({ zones: "all" }, INTERRUPTED);
    }
    const open = waiting.filter(({ settled }) => !settled).length;
    if (answers.length >= MANY || open === 0) continue;
    const wait = Math.min(COLLECT_LONGEST, Math.max(COLLECT, (open / MANY) * COLLECT));
    await context.pause(wait, context.aborting);
  }
}

const INTERRUPTED: ErrorData = { code: "interrupted", message: "not read: the run was interrupted" };

function settle(waiting: readonly Waiting[], { position, worker, answer }: CollectedAnswer): void {
  const host = openAt(waiting, position);
  if (host === undefined) return;
  host.settled = true;
  if (answer.kind === "none") return host.answered.reject(errorOf(answer.error));
  if (answer.host.host === host.name) return host.answered.resolve(answer);
  const message = `the worker ${worker} answered for another host, so nothing is taken from it`;
  host.answered.reject(errorOf({ code: "internal", message }));
}

/** Hosts that no worker will answer for: spent ones and, once the queue has nothing of the run, all that are left. */
async function giveUpLost(
  run: SharedRun,
  { active, spent, waiting: queued }: SharedProgress,
  waiting: readonly Waiting[],
  quiet: boolean,
): Promise<void> {
  const open = [...waiting.keys()].filter((position) => openAt(waiting, position) !== undefined);
  const lost = open.filter((position) => spent.includes(position));
  if (lost.length > 0) return run.giveUp({ positions: lost }, SPENT);
  const empty = active.length === 0 && [...queued.values()].every((hosts) => hosts === 0);
  if (quiet && empty && open.length > 0) await run.giveUp({ positions: open }, VANISHED);
}

function settleAll(waiting: readonly Waiting[], error: ErrorData): void {
  for (const [position] of waiting.entries())
    settle(waiting, { position, worker: "", answer: { kind: "none", error } });
}

function errorOf({ code, message, hint }: ErrorData): CurfewError {
  return new CurfewError(code, message, { hint });
}

function openAt(waiting: readonly Waiting[], position: number): Waiting | undefined {
  const host = waiting[position];
  return host?.settled === false ? host : undefined;
}
