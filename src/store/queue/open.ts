/** The tables of the queue: made, brought up to date, or refused. */
import { CurfewError } from "../../model/error.ts";
import { databaseName, postgresError } from "../postgres/error.ts";
import type { DatabaseSession } from "../postgres/session.ts";
import type { PostgresSettings } from "../postgres/settings.ts";
import { QUEUE_GRANTS, SCHEMA, TABLES } from "./schema.ts";

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
  try {
    await prepare(session, settings).catch(async (error: unknown) => {
      if (!isThereAlready(error)) throw error;
      // Another curfew made it at the same moment.
      await session.script("ROLLBACK");
      await prepare(session, settings);
    });
  } catch (error) {
    throw postgresError(settings, undefined, error);
  }
}

async function prepare(session: DatabaseSession, settings: PostgresSettings): Promise<void> {
  const { getConstructionPlans, getMigrationPlans } = await import("pg-boss");
  const known: Versions = { engine: await engineVersion(), tables: TABLES.length };
  const found = await lookAt(session);
  const there = await versionsOf(session, found);
  if (there.engine > known.engine || there.tables > known.tables) throw newer(settings);
  if (there.engine === known.engine && there.tables === known.tables) return;
  if (found.owner !== null && !found.owns) throw notTheOwner(settings, found);
  const engine =
    there.engine === 0
      ? getConstructionPlans(SCHEMA, { createSchema: false })
      : getMigrationPlans(SCHEMA, there.engine);
  await make(session, found, there.engine === known.engine ? "" : engine, TABLES.slice(there.tables));
}

/** Appendix A of the manual: what is made is there, or a row of it. */
function isThereAlready(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return ["42P06", "42P07", "42710", "42723", "23505"].includes(code);
}

async function engineVersion(): Promise<number> {
  const { default: engine } = await import("pg-boss/package.json", { with: { type: "json" } });
  return engine.pgboss.schema;
}

async function lookAt(session: DatabaseSession): Promise<Found> {
  const has = (name: string): string =>
    `EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = '${name}')`;
  const [found] = await session.rows<Found>(
    `SELECT current_user AS account, pg_get_userbyid(n.nspowner) AS owner,
            coalesce(pg_has_role(n.nspowner, 'MEMBER'), false) AS owns,
            ${has("version")} AS engine, ${has("shared_state")} AS tables
     FROM (SELECT 1) AS one LEFT JOIN pg_namespace n ON n.nspname = '${SCHEMA}'`,
  );
  if (found === undefined) throw new Error("PostgreSQL answered without a row");
  return found;
}

async function versionsOf(session: DatabaseSession, { engine, tables }: Found): Promise<Versions> {
  const of = async (table: string): Promise<number> => {
    const [row] = await session.rows<{ version: number }>(`SELECT version FROM ${SCHEMA}.${table}`);
    return row?.version ?? 0;
  };
  return { engine: engine ? await of("version") : 0, tables: tables ? await of("shared_state") : 0 };
}

/** As its owner, so that what is made belongs to it. Another curfew that is quicker ends this one with its error. */
async function make(
  session: DatabaseSession,
  { owner }: Found,
  engine: string,
  steps: readonly string[],
): Promise<void> {
  if (owner === null) await session.script(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
  else await session.rows("SELECT set_config('role', $1, false)", [owner]);
  // The engine's text is a transaction of its own.
  if (engine !== "") await session.script(engine);
  await session.script(
    ["BEGIN", ...steps, `UPDATE ${SCHEMA}.shared_state SET version = ${TABLES.length}`].join(";\n"),
  );
  await session.script(`${QUEUE_GRANTS};\nCOMMIT`);
  if (owner !== null) await session.script("RESET ROLE");
}

function newer(settings: PostgresSettings): CurfewError {
  const message = `${databaseName(settings)}: its queue was made by a newer curfew; nothing was touched`;
  return new CurfewError("input", message, {
    hint: "use that curfew: all machines that share a queue need the same version of it",
  });
}

function notTheOwner(settings: PostgresSettings, { account, owner, tables }: Found): CurfewError {
  const state = tables ? "of an older curfew" : "not there yet";
  return new CurfewError(
    "input",
    `${databaseName(settings)}: its queue is ${state}, and ${account} may not make it`,
    {
      hint: `run curfew worker --check once as a login that is a member of ${owner}; curfew help workers has the roles`,
    },
  );
}
