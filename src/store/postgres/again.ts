import { isCutOff, isOutage, postgresError } from "./error.ts";
import { type DatabaseSession, openDatabaseSession, type Patience } from "./session.ts";
import type { PostgresSettings } from "./settings.ts";

/**
 * How a transaction that writes begins. A machine that is frozen in the middle of one keeps others waiting no longer than
 * they wait for a lock; one that was only slow is told, and does it again.
 */
export const BEGIN = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '10s'";

/**
 * Runs `work`, and again from its beginning where the connection was lost, until the outage has been too long: so `work`
 * must bear to have been done already. Errors: CurfewError in the words of `postgresError`, and those of `work`.
 */
export async function again<T>(
  settings: PostgresSettings,
  patience: Patience,
  work: () => Promise<T>,
): Promise<T> {
  const begin = performance.now();
  for (let pause = 50; ; pause = Math.min(pause * 2, 2000)) {
    try {
      return await work();
    } catch (error) {
      const waited = performance.now() - begin;
      if (!isOutage(error) || waited + pause > patience.outage)
        throw postgresError(settings, undefined, error);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

/**
 * Does `work` over a new connection, which is its own where it succeeds and closed where it does not. A server that cannot
 * be reached is refused at once, since another one may be meant; where one that was reached ends the connection, `work`
 * begins again with another, as in `again`. Errors: those of `openDatabaseSession` and of `again`.
 */
export async function overNewSession<T>(
  settings: PostgresSettings,
  patience: Patience,
  work: (session: DatabaseSession) => Promise<T>,
): Promise<T> {
  let reached: DatabaseSession | undefined = await openDatabaseSession(settings, patience);
  return again(settings, patience, async () => {
    const session = reached ?? (await openDatabaseSession(settings, patience));
    reached = undefined;
    try {
      return await work(session);
    } catch (error) {
      await session.close();
      throw error;
    }
  });
}

/**
 * After an error, before the next try: what was begun is taken back. A primary that has become a standby answers on, and
 * takes nothing.
 */
export async function recover(open: DatabaseSession, error: unknown): Promise<void> {
  if (isCutOff(error)) await open.close();
  else if (!open.lost()) await open.script("ROLLBACK").catch(() => []);
}
