/** Questions to workers that are put one by one while a run goes on: each is answered, or known to be lost. */
import type { Unserved } from "../../core/shared/unserved.ts";
import { placeOf } from "../../core/shared/travel.ts";
import { CurfewError, errorData } from "../../model/terms/error.ts";
import type {
  AddedHost,
  Begun,
  CollectedAnswer,
  SharedProgress,
  SharedRun,
} from "../../model/record/shared-work.ts";
import { giveUpUnserved, showActive, type Watched, type WatchSetup } from "./watch.ts";

/** Milliseconds between two looks for answers, which also say that this coordinator lives. */
const COLLECT = 250;
/** Milliseconds between two looks at who works. */
const LOOK = 2000;

export interface QuestionsSetup extends WatchSetup {
  readonly run: SharedRun;
}

export type Reply =
  | { readonly type: "answer"; readonly given: CollectedAnswer }
  /** Its worker is gone; with what that one was allowed to do, if anything. An answer may come all the same. */
  | { readonly type: "lost"; readonly begun: Begun | undefined }
  /** No question is answered any more. */
  | { readonly type: "failed"; readonly error: CurfewError };

export interface AskedQuestion {
  readonly answered: Promise<Reply>;
  readonly lost: Promise<Reply>;
}

export interface Questions {
  ask(question: Omit<AddedHost, "position">): AskedQuestion;
  /** Why no question is put any more. */
  failure(): CurfewError | undefined;
  /** The same once there is one; never rejects. */
  readonly failed: Promise<Reply>;
  /** Hosts that are to be changed and that no worker has yet are not begun any more, for this reason. */
  withdraw(reason: string): void;
  /** Ends the run and takes it out of the queue. Errors: those of the queue. */
  finish(): Promise<void>;
}

interface Open extends Watched {
  readonly place: string;
  readonly answered: PromiseWithResolvers<Reply>;
  readonly lost: PromiseWithResolvers<Reply>;
  added: boolean;
  /** How many looks have found it nowhere. */
  missed: number;
}

interface State {
  /** By position. */
  readonly open: Map<number, Open>;
  unserved: Unserved;
  reason: string | undefined;
  over: boolean;
}

export function askWorkers(setup: QuestionsSetup): Questions {
  const failed = Promise.withResolvers<Reply>();
  const state: State = { open: new Map(), unserved: new Map(), reason: undefined, over: false };
  let next = 0;
  let error: CurfewError | undefined;
  const fail = (reason: unknown): void => {
    error ??= reason instanceof CurfewError ? reason : new CurfewError("internal", errorData(reason).message);
    failed.resolve({ type: "failed", error });
  };
  const looping = loop(setup, state).catch(fail);
  return {
    ask(question) {
      const position = next++;
      const { answered, lost } = open(state, position, question);
      if (error === undefined)
        void setup.run.add({ position, ...question }).then(() => added(state, position), fail);
      return { answered: answered.promise, lost: lost.promise };
    },
    failure: () => error,
    failed: failed.promise,
    withdraw(reason) {
      state.reason ??= reason;
    },
    async finish() {
      state.over = true;
      await looping;
      if (error !== undefined && error.code !== "interrupted") throw error;
      await setup.run.end();
    },
  };
}

function open(state: State, position: number, { host, place }: Omit<AddedHost, "position">): Open {
  const made: Open = {
    name: host.name,
    place,
    answered: Promise.withResolvers<Reply>(),
    lost: Promise.withResolvers<Reply>(),
    added: false,
    missed: 0,
    seen: false,
  };
  state.open.set(position, made);
  return made;
}

function added({ open: all }: State, position: number): void {
  const found = all.get(position);
  if (found !== undefined) found.added = true;
}

async function loop({ run, ...setup }: QuestionsSetup, state: State): Promise<void> {
  const { context } = setup;
  let lastLook = Number.NEGATIVE_INFINITY;
  while (!state.over) {
    if (context.aborting.aborted) throw new CurfewError("interrupted", "the run was interrupted");
    await run.beat();
    for (const given of await run.collect()) settle(state, given);
    if (context.clock() - lastLook >= LOOK) {
      lastLook = context.clock();
      await look(run, setup, state);
    }
    await withdrawWaiting(run, setup, state);
    await context.pause(COLLECT, context.aborting);
  }
}

function settle({ open: all }: State, given: CollectedAnswer): void {
  all.get(given.position)?.answered.resolve({ type: "answer", given });
  all.delete(given.position);
}

async function look(run: SharedRun, setup: WatchSetup, state: State): Promise<void> {
  const before = [...state.open].filter(([, { added: there }]) => there);
  const progress = await run.look();
  showActive(progress, (position) => state.open.get(position), setup);
  for (const [position, each] of before) {
    if (isLost(progress, position, each))
      each.lost.resolve({ type: "lost", begun: progress.begun.get(position) });
  }
  state.unserved = await giveUpUnserved(run, state.unserved, progress, setup);
}

/** Spent, or twice nowhere to be found: an answer may have come between two looks. */
function isLost({ spent, active, waiting }: SharedProgress, position: number, each: Open): boolean {
  const gone = active.length === 0 && [...waiting.values()].every((hosts) => hosts === 0);
  each.missed = gone ? each.missed + 1 : 0;
  return spent.includes(position) || each.missed > 2;
}

async function withdrawWaiting(
  run: SharedRun,
  { context }: Pick<QuestionsSetup, "context">,
  state: State,
): Promise<void> {
  if (context.stopping.aborted) state.reason ??= "the run was interrupted";
  const { reason } = state;
  if (reason === undefined) return;
  const places = [...state.open.values()]
    .filter(({ place, seen }) => placeOf(place).changing && !seen)
    .map(({ place }) => place);
  if (places.length === 0) return;
  await run.giveUp({ zones: [...new Set(places)] }, { code: "interrupted", message: reason });
}
