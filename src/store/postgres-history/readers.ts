/** Connections that read, a few at once, each work on one state of the history. */
import { CurfewError } from "../../model/terms/error.ts";
import { databaseName, isOutage, postgresError } from "../postgres/error.ts";
import { openDatabaseSession, type Patience, type DatabaseSession } from "../postgres/session.ts";
import type { PostgresSettings } from "../postgres/settings.ts";
import { refuseVersion } from "./open.ts";
import type { Snapshot } from "./read.ts";

/** More would only wait for each other in the server. */
const MOST = 4;

export interface Readers {
  /**
   * Runs `work` on one state of the history, once more where the connection was lost.
   * Errors: CurfewError `input`, and those of `work`.
   */
  read<T>(work: (at: Snapshot) => Promise<T>): Promise<T>;
  /** The same for what is read while it is asked for; nothing is read twice. */
  stream(work: (at: Snapshot) => AsyncIterable<string>): AsyncGenerator<string, void, undefined>;
  close(): Promise<void>;
}

export function createReaders(settings: PostgresSettings, patience: Patience): Readers {
  const where = databaseName(settings);
  const pool = createPool(settings, patience);

  async function begin(session: DatabaseSession): Promise<Snapshot> {
    const [state] = await session.script<{ version: number }>(
      "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT version FROM curfew.history_state",
    );
    refuseVersion(settings, state?.version ?? 0);
    return { session, where };
  }

  async function once<T>(work: (at: Snapshot) => Promise<T>): Promise<T> {
    const session = await pool.take();
    let whole = false;
    try {
      const result = await work(await begin(session));
      await session.script("COMMIT");
      whole = true;
      return result;
    } catch (error) {
      // What curfew itself refuses leaves the connection as it was.
      whole = error instanceof CurfewError && !session.lost() && (await ended(session));
      throw error;
    } finally {
      await pool.give(session, whole);
    }
  }

  return {
    async read(work) {
      try {
        return await once(work).catch((error: unknown) => {
          if (isOutage(error)) return once(work);
          throw error;
        });
      } catch (error) {
        throw postgresError(settings, undefined, error);
      }
    },
    async *stream(work) {
      const session = await pool.take();
      try {
        const at = await begin(session);
        // Whoever takes the lines may be slow.
        await session.rows("SELECT set_config('idle_in_transaction_session_timeout', '0', true)");
        yield* work(at);
      } catch (error) {
        throw postgresError(settings, undefined, error);
      } finally {
        await pool.give(session, false);
      }
    },
    close: () => pool.close(),
  };
}

function ended(session: DatabaseSession): Promise<boolean> {
  return session.script("ROLLBACK").then(
    () => true,
    () => false,
  );
}

interface Pool {
  /** Errors: those of a new connection. */
  take(): Promise<DatabaseSession>;
  /** @param whole nothing is open on it, so that it can be used again. */
  give(session: DatabaseSession, whole: boolean): Promise<void>;
  close(): Promise<void>;
}

function createPool(settings: PostgresSettings, patience: Patience): Pool {
  const idle: DatabaseSession[] = [];
  const waiting: (() => void)[] = [];
  let places = MOST;

  /** A place goes to whoever waits for it longest. */
  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) places += 1;
    else next();
  }

  async function enter(): Promise<void> {
    if (places === 0) return new Promise((resolve) => waiting.push(resolve));
    places -= 1;
  }

  return {
    async take() {
      await enter();
      try {
        for (let session = idle.pop(); session !== undefined; session = idle.pop()) {
          if (!session.lost()) return session;
        }
        return await openDatabaseSession(settings, patience);
      } catch (error) {
        leave();
        throw error;
      }
    },
    async give(session, whole) {
      if (whole && !session.lost()) idle.push(session);
      else await session.close();
      leave();
    },
    async close() {
      await Promise.all(idle.splice(0).map((session) => session.close()));
    },
  };
}
