/** One connection of the queue: whatever it is asked for, one after the other, and again after an outage. */
import type { PgBoss } from "pg-boss";
import { CurfewError } from "../../model/terms/error.ts";
import { again, BEGIN, recover } from "../postgres/again.ts";
import { openDatabaseSession, type DatabaseSession, type Patience } from "../postgres/session.ts";
import type { PostgresSettings } from "../postgres/settings.ts";
import { createTurns } from "../postgres/turns.ts";

export interface QueueLine {
  /** `work` must bear to have been done already. Errors: CurfewError in the words of `postgresError`. */
  run<T>(work: (session: DatabaseSession) => Promise<T>): Promise<T>;
  /** The same, all or nothing. */
  transaction<T>(work: (session: DatabaseSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Both lines of a queue: calls of the engine must not wait for a transaction that waits for them. */
export interface Lines {
  readonly engine: PgBoss;
  readonly own: QueueLine;
  readonly version: string;
  close(): Promise<void>;
}

/** Opens a line over a session that is there already. */
export function createLine(
  first: DatabaseSession,
  settings: PostgresSettings,
  patience: Patience,
): QueueLine {
  const inTurn = createTurns();
  let session: DatabaseSession = first;
  let closed = false;

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
        await open.script(BEGIN);
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
