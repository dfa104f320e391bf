/** Poolers: a connection that is taken away between two transactions keeps no lock and no setting. */
import { shared } from "./error.ts";

/** Of a connection what is needed here. */
interface Asked {
  rows<T>(text: string): Promise<T[]>;
  script(text: string): Promise<unknown>;
  close(): Promise<void>;
}

/** A pool that hands its connections out in turn needs more than one try; PgBouncer gives the one that was free last. */
const TRIES = 3;

/**
 * Asks a pooler for further connections while `first` waits: one that keeps a connection for a client never gives that of
 * `first` to another, and one that has none to give shares none. `another` opens a connection the same way.
 * Errors: `shared()`.
 */
export async function refuseShared(first: Asked, another: () => Promise<Asked>): Promise<void> {
  const others: Asked[] = [];
  try {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const own = await processOf(first);
      const other = await another().catch(() => undefined);
      if (other === undefined) return;
      others.push(other);
      if (!(await holds(other)) || (await processOf(other)) === own || (await processOf(first)) !== own) {
        throw shared();
      }
    }
  } finally {
    for (const other of others) {
      await other.script("ROLLBACK").catch(() => []);
      await other.close();
    }
  }
}

/** Whether it keeps its connection from here on: by the statement nothing does. */
async function holds(session: Asked): Promise<boolean> {
  return session.script("BEGIN").then(
    () => true,
    () => false,
  );
}

async function processOf(session: Asked): Promise<number | undefined> {
  const [row] = await session.rows<{ process: number }>("SELECT pg_backend_pid() AS process");
  return row?.process;
}
