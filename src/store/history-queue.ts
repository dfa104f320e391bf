/** Writes to the history, in order, several to a transaction. */
import { setImmediate as turn } from "node:timers/promises";
import { type Database, whenFree } from "./history-database.ts";
import { historyError } from "./history-error.ts";

/** So many go into one transaction: each costs up to a millisecond, and the event loop waits for all of them. */
const AT_ONCE = 20;

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
      const batch = waiting.splice(0, AT_ONCE);
      await whenFree(database.file, () => commit(database, batch)).catch((error: unknown) => {
        for (const { settle } of batch) settle(historyError(database.file, error));
      });
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

/** In one go: nobody else on this connection may come between the beginning of a transaction and its end. */
function commit(database: Database, batch: readonly Write[]): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    const done = batch.filter((write) => succeeds(database, write));
    database.exec("COMMIT");
    for (const { settle } of done) settle();
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
