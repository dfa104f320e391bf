/** Connections that read, a few at once, each work on one state of the history. */
import { CurfewError } from "../../model/error.ts";
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
  const idle: DatabaseSession[] = [];
  const waiting: (() => void)[] = [];
  const where = databaseName(settings);
  let open = 0;

  async function take(): Promise<DatabaseSession> {
    while (open >= MOST) await new Promise<void>((resolve) => waiting.push(resolve));
    open += 1;
    try {
      for (let session = idle.pop(); session !== undefined; session = idle.pop()) {
        if (!session.lost()) return session;
      }
      return await openDatabaseSession(settings, patience);
    } catch (error) {
      leave();
      throw error;
    }
  }

  function leave(): void {
    open -= 1;
    waiting.shift()?.();
  }

  async function give(session: DatabaseSession, whole: boolean): Promise<void> {
    if (whole && !session.lost()) idle.push(session);
    else await session.close();
    leave();
  }

  async function begin(session: DatabaseSession): Promise<Snapshot> {
    const [state] = await session.script<{ version: number }>(
      "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT version FROM curfew.history_state",
    );
    refuseVersion(settings, state?.version ?? 0);
    return { session, where };
  }

  async function once<T>(work: (at: Snapshot) => Promise<T>): Promise<T> {
    const session = await take();
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
      await give(session, whole);
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
      const session = await take();
      try {
        const at = await begin(session);
        // Whoever takes the lines may be slow.
        await session.rows("SELECT set_config('idle_in_transaction_session_timeout', '0', true)");
        yield* work(at);
      } catch (error) {
        throw postgresError(settings, undefined, error);
      } finally {
        await give(session, false);
      }
    },
    async close() {
      await Promise.all(idle.splice(0).map((session) => session.close()));
    },
  };
}

function ended(session: DatabaseSession): Promise<boolean> {
  return session.script("ROLLBACK").then(
    () => true,
    () => false,
  );
}
