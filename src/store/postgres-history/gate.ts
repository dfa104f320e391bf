/** One connection that writes, its transactions, and the locks that say which audits are alive. */
import type { TurnToken } from "../../model/record/schedule.ts";
import { CurfewError, UnknownEndError } from "../../model/terms/error.ts";
import { again, BEGIN, recover } from "../postgres/again.ts";
import { databaseName, isCutOff } from "../postgres/error.ts";
import { openDatabaseSession, type Patience, type DatabaseSession } from "../postgres/session.ts";
import type { PostgresSettings } from "../postgres/settings.ts";
import { createTurns } from "../postgres/turns.ts";
import { createKnown, type Known, refreshKnown } from "./contents.ts";
import { refuseVersion } from "./open.ts";
import { GATE, LOCKS } from "./schema.ts";
import { proveTurn } from "./turn.ts";

export interface Gate {
  /**
   * Runs `work` in a transaction and again from its beginning where the connection was lost, until the outage has been
   * too long: so `work` must bear to have been done already. Resolves when it would survive a power cut of the server.
   * Errors: CurfewError; then nothing of it was stored; UnknownEndError where the answer to a COMMIT was lost, and the
   * server could not be asked again.
   */
  write<T>(work: (session: DatabaseSession, known: Known) => Promise<T>, alone?: "alone"): Promise<T>;
  /** From now on this run counts as running, also after the connection was lost and made anew. */
  hold(run: number): Promise<void>;
  release(run: number): Promise<void>;
  close(): Promise<void>;
}

/** `first`: open and prepared. `turn`: nothing is written once another machine has taken over that schedule. */
export function createGate(
  first: DatabaseSession,
  settings: PostgresSettings,
  patience: Patience,
  { readOnly, turn }: { readonly readOnly: boolean; readonly turn?: TurnToken | undefined },
): Gate {
  const held = new Map<number, boolean>();
  const known = createKnown();
  const inTurn = createTurns();
  let session: DatabaseSession = first;
  let closed = false;

  async function connected(): Promise<DatabaseSession> {
    if (closed) throw new CurfewError("internal", "the history is closed");
    if (!session.lost()) return session;
    for (const run of held.keys()) held.set(run, false);
    // It may be another server by now, which gives the same numbers to something else.
    known.generation = -1;
    session = await openDatabaseSession(settings, patience);
    return session;
  }

  return {
    write: async <T>(work: (session: DatabaseSession, known: Known) => Promise<T>, alone?: "alone") => {
      if (readOnly) throw new CurfewError("input", `${databaseName(settings)} was opened for reading alone`);
      const commit = { unanswered: false };
      const proved = async (inside: DatabaseSession, contents: Known): Promise<T> => {
        if (turn !== undefined) await proveTurn(inside, turn);
        return work(inside, contents);
      };
      return inTurn(() =>
        again(settings, patience, async () => {
          const open = await connected();
          await takeLocks(open, held);
          return transaction(open, known, settings, alone !== undefined, commit, proved);
        }).catch((error: unknown) => {
          throw unlessUnknown(commit, error);
        }),
      );
    },
    hold: (run) =>
      inTurn(async () => {
        held.set(run, false);
        await again(settings, patience, async () => takeLocks(await connected(), held));
      }),
    release: (run) =>
      inTurn(async () => {
        const locked = held.get(run) === true;
        held.delete(run);
        if (!locked || session.lost()) return;
        await session.rows("SELECT pg_advisory_unlock_shared($1, $2)", [LOCKS, run]).catch(() => []);
      }),
    close: () =>
      inTurn(async () => {
        closed = true;
        await session.close();
      }),
  };
}

/** The lock of a connection that the server has not given up yet may still be there; the next write tries again. */
async function takeLocks(open: DatabaseSession, held: Map<number, boolean>): Promise<void> {
  const missing = [...held].filter(([, locked]) => !locked).map(([run]) => run);
  if (missing.length === 0) return;
  type Row = { readonly run: number; readonly locked: boolean };
  const sql = `SELECT run, pg_try_advisory_lock_shared($1, run) AS locked FROM unnest($2::int[]) AS run`;
  for (const { run, locked } of await open.rows<Row>(sql, [LOCKS, missing])) held.set(run, locked);
}

/** Whether it was done although nothing came back. */
interface Commit {
  unanswered: boolean;
}

async function transaction<T>(
  open: DatabaseSession,
  known: Known,
  settings: PostgresSettings,
  alone: boolean,
  commit: Commit,
  work: (session: DatabaseSession, known: Known) => Promise<T>,
): Promise<T> {
  try {
    await open.script(BEGIN);
    const shared = alone ? "" : "_shared";
    await open.rows(`SELECT pg_advisory_xact_lock${shared}($1, $2)`, [LOCKS, GATE]);
    const [state] = await open.rows<{ version: number; generation: number }>(
      "SELECT version, generation FROM curfew.history_state",
    );
    refuseVersion(settings, state?.version ?? 0);
    refreshKnown(known, state?.generation ?? 0);
    const result = await work(open, known);
    await open.script("COMMIT").catch((error: unknown) => {
      if (isCutOff(error)) commit.unanswered = true;
      throw error;
    });
    return result;
  } catch (error) {
    // What was put in is not there.
    known.generation = -1;
    await recover(open, error);
    throw error;
  }
}

/** The next try shows what became of a commit that was not answered; where there was none, that is unknown. */
function unlessUnknown({ unanswered }: Commit, error: unknown): unknown {
  if (!unanswered || !(error instanceof CurfewError)) return error;
  const message = `${error.message}; the answer to a commit was lost, so whether it was stored is unknown`;
  const { code, hint } = error;
  return new UnknownEndError(code, message, { hint, cause: error.cause });
}
