/** Writes to the history, in order, several to a transaction. */
import { setImmediate as turn } from "node:timers/promises";
import { type Database, whenFree } from "./database.ts";
import { historyError } from "./error.ts";

/** A transaction takes in no more once this has passed: the event loop stands still meanwhile, and probes measure time on it. */
const BUDGET_MS = 20;

interface Write {
  readonly work: () => void;
  readonly settle: (error?: unknown) => void;
}

export interface WriteQueue {
  /** Resolves when what `work` did would survive a power cut. Errors: those of `work`, and of the disk; nothing of it was done. */
  add(work: () => void): Promise<void>;
}

/**
 * One synchronisation of the disk takes longer than everything else, so whatever comes while it runs goes with the
 * next, and hosts that finish together cost one.
 */
export function createWriteQueue(database: Database): WriteQueue {
  const waiting: Write[] = [];
  let running = false;

  async function drain(): Promise<void> {
    running = true;
    // What finishes in the same turn goes together.
    await turn();
    while (waiting.length > 0) {
      let taken = waiting.length;
      await whenFree(database.file, () => {
        taken = commit(database, waiting);
      }).catch((error: unknown) => {
        for (const { settle } of waiting.slice(0, taken)) settle(historyError(database.file, error));
      });
      waiting.splice(0, taken);
      await turn();
    }
    running = false;
  }

  return {
    add: (work) =>
      new Promise((resolve, reject) => {
        const settle = (error?: unknown): void => (error === undefined ? resolve() : reject(error));
        waiting.push({ work, settle });
        if (!running) void drain();
      }),
  };
}

/**
 * In one go: nobody else on this connection may come between the beginning of a transaction and its end.
 * Returns how many of the writes it has dealt with; the others are for the next.
 */
function commit(database: Database, writes: readonly Write[]): number {
  const begin = performance.now();
  database.exec("BEGIN IMMEDIATE");
  try {
    const done: Write[] = [];
    let taken = 0;
    for (const write of writes) {
      if (taken > 0 && performance.now() - begin > BUDGET_MS) break;
      taken += 1;
      if (succeeds(database, write)) done.push(write);
    }
    database.exec("COMMIT");
    for (const { settle } of done) settle();
    return taken;
  } finally {
    if (database.inTransaction()) database.exec("ROLLBACK");
  }
}

/** A write that fails takes back what it did and nothing else, as long as SQLite leaves the transaction open. */
function succeeds(database: Database, { work, settle }: Write): boolean {
  database.exec("SAVEPOINT write");
  try {
    work();
    database.exec("RELEASE write");
    return true;
  } catch (error) {
    if (!database.inTransaction()) throw error;
    database.exec("ROLLBACK TO write; RELEASE write");
    settle(historyError(database.file, error));
    return false;
  }
}
