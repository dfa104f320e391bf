/** One connection of the queue: whatever it is asked for, one after the other, and again after an outage. */
import { CurfewError } from "../../model/terms/error.ts";
import { again } from "../postgres/again.ts";
import { isConflict, isOutage } from "../postgres/error.ts";
import { openDatabaseSession, type DatabaseSession, type Patience } from "../postgres/session.ts";
import type { PostgresSettings } from "../postgres/settings.ts";

export interface QueueLine {
  /** `work` must bear to have been done already. Errors: CurfewError in the words of `postgresError`. */
  run<T>(work: (session: DatabaseSession) => Promise<T>): Promise<T>;
  /** The same, all or nothing. */
  transaction<T>(work: (session: DatabaseSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Opens a line over a session that is there already. */
export function createLine(
  first: DatabaseSession,
  settings: PostgresSettings,
  patience: Patience,
): QueueLine {
  let session: DatabaseSession = first;
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = last.then(work, work);
    last = done.catch(() => {});
    return done;
  }

  async function connected(): Promise<DatabaseSession> {
    if (closed) throw new CurfewError("internal", "the queue is closed");
    if (session.lost()) session = await openDatabaseSession(settings, patience);
    return session;
  }

  const run = <T>(work: (open: DatabaseSession) => Promise<T>): Promise<T> =>
    inTurn(() =>
      again(settings, patience, async () => {
        const open = await connected();
        try {
          return await work(open);
        } catch (error) {
          await recover(open, error);
          throw error;
        }
      }),
    );
  return {
    run,
    transaction: (work) =>
      run(async (open) => {
        await open.script("BEGIN");
        const result = await work(open);
        await open.script("COMMIT");
        return result;
      }),
    close: () =>
      inTurn(async () => {
        closed = true;
        await session.close();
      }),
  };
}

/** A primary that has become a standby answers on, and takes nothing; what else was begun is taken back. */
async function recover(open: DatabaseSession, error: unknown): Promise<void> {
  if (isOutage(error) && !isConflict(error)) await open.close();
  else if (!open.lost()) await open.script("ROLLBACK").catch(() => []);
}
