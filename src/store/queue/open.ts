/** The tables of the queue: made, brought up to date, or refused. */
import { CurfewError } from "../../model/terms/error.ts";
import { databaseName, postgresError } from "../postgres/error.ts";
import type { DatabaseSession } from "../postgres/session.ts";
import type { PostgresSettings } from "../postgres/settings.ts";
import { QUEUE_GRANTS, SCHEMA, QUEUE_TABLES } from "./schema.ts";

interface Found {
  /** Null: there is no schema yet. */
  readonly owner: string | null;
  readonly owns: boolean;
  readonly engine: boolean;
  readonly tables: boolean;
  readonly account: string;
}

interface Versions {
  readonly engine: number;
  readonly tables: number;
}

/**
 * Sees that the queue is that of this curfew, and makes it or brings it up to date where the account may.
 * Errors: CurfewError `input` for the queue of a newer curfew and for an account that may not; nothing was touched.
 */
export async function prepareQueue(session: DatabaseSession, settings: PostgresSettings): Promise<void> {
  const known: Versions = { engine: await engineVersion(), tables: QUEUE_TABLES.length };
  try {
    if (await isReady(session, settings, known)) return;
    // One after the other: whoever comes second finds it made.
    await session.rows("SELECT pg_advisory_lock($1, $2)", [LOCK, 0]);
    if (!(await isReady(session, settings, known))) await make(session, known);
    await session.rows("SELECT pg_advisory_unlock($1, $2)", [LOCK, 0]);
  } catch (error) {
    throw postgresError(settings, undefined, error);
  }
}

/** `curq` in ASCII. */
const LOCK = 0x63757271;

/** False where it is to be made, and this account may. */
async function isReady(
  session: DatabaseSession,
  settings: PostgresSettings,
  known: Versions,
): Promise<boolean> {
  const found = await lookAt(session);
  const there = await versionsOf(session, found);
  if (there.engine > known.engine || there.tables > known.tables) throw newer(settings);
  if (there.engine === known.engine && there.tables === known.tables) return true;
  if (found.owner !== null && !found.owns) throw notTheOwner(settings, found);
  return false;
}

async function engineVersion(): Promise<number> {
  const { default: engine } = await import("pg-boss/package.json", { with: { type: "json" } });
  return engine.pgboss.schema;
}

async function lookAt(session: DatabaseSession): Promise<Found> {
  const [found] = await session.rows<Found>(
    `SELECT current_user AS account, pg_get_userbyid(n.nspowner) AS owner,
            coalesce(pg_has_role(n.nspowner, 'MEMBER'), false) AS owns,
            ${has("version")} AS engine, ${has("shared_state")} AS tables
     FROM (SELECT 1) AS one LEFT JOIN pg_namespace n ON n.nspname = '${SCHEMA}'`,
  );
  if (found === undefined) throw new Error("PostgreSQL answered without a row");
  return found;
}

function has(name: string): string {
  return `EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = '${name}')`;
}

async function versionsOf(session: DatabaseSession, { engine, tables }: Found): Promise<Versions> {
  const of = async (table: string): Promise<number> => {
    const [row] = await session.rows<{ version: number }>(`SELECT version FROM ${SCHEMA}.${table}`);
    return row?.version ?? 0;
  };
  return { engine: engine ? await of("version") : 0, tables: tables ? await of("shared_state") : 0 };
}

/** As its owner, so that what is made belongs to it. */
async function make(session: DatabaseSession, known: Versions): Promise<void> {
  const found = await lookAt(session);
  const there = await versionsOf(session, found);
  if (found.owner === null) await session.script(`CREATE SCHEMA ${SCHEMA}`);
  else await session.rows("SELECT set_config('role', $1, false)", [found.owner]);
  const { getConstructionPlans, getMigrationPlans } = await import("pg-boss");
  // The engine's text is a transaction of its own.
  if (there.engine === 0) await session.script(getConstructionPlans(SCHEMA, { createSchema: false }));
  else if (there.engine < known.engine) await session.script(getMigrationPlans(SCHEMA, there.engine));
  await session.script(
    [
      "BEGIN",
      ...QUEUE_TABLES.slice(there.tables),
      `UPDATE ${SCHEMA}.shared_state SET version = ${QUEUE_TABLES.length}`,
      `${QUEUE_GRANTS};\nCOMMIT`,
    ].join(";\n"),
  );
  if (found.owner !== null) await session.script("RESET ROLE");
}

function newer(settings: PostgresSettings): CurfewError {
  const message = `${databaseName(settings)}: it was made by a newer curfew; nothing was touched`;
  return new CurfewError("input", message, {
    hint: "use that curfew: all machines that share a queue need the same version of it",
  });
}

function notTheOwner(settings: PostgresSettings, { account, owner, tables }: Found): CurfewError {
  const state = tables ? "of an older curfew" : "not there yet";
  return new CurfewError(
    "input",
    `${databaseName(settings)}: it is ${state}, and ${account} may not make it`,
    {
      hint: `run curfew worker --check once as a login that is a member of ${owner}; curfew help workers has the roles`,
    },
  );
}
