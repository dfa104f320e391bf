/** The tables of the history: made, upgraded, or refused. */
import { CurfewError } from "../../model/terms/error.ts";
import { databaseName, postgresError } from "../postgres/error.ts";
import type { DatabaseSession } from "../postgres/session.ts";
import type { PostgresSettings } from "../postgres/settings.ts";
import { GATE, GRANTS, LOCKS, TABLES } from "./schema.ts";

/**
 * Sees that the history has the version that this curfew knows, and makes or upgrades it where the account may and `readOnly` is not set.
 * Errors: CurfewError `input` for a history of a newer curfew, an account that may not, a database that cannot hold
 * every text; nothing was touched.
 */
export async function prepareTables(
  session: DatabaseSession,
  settings: PostgresSettings,
  readOnly = false,
  steps: readonly string[] = TABLES,
): Promise<void> {
  try {
    const found = await lookAt(session);
    if (found.encoding !== "UTF8") throw wrongEncoding(settings, found.encoding);
    const version = found.tables ? await versionOf(session) : 0;
    if (version >= steps.length) return refuseVersion(settings, version, steps.length);
    if (readOnly) throw notReady(settings, found);
    await upgrade(session, settings, found, steps);
  } catch (error) {
    throw postgresError(settings, undefined, error);
  }
}

/** Refuses every version but that one. Errors: CurfewError `input`. */
export function refuseVersion(settings: PostgresSettings, found: number, known = TABLES.length): void {
  if (found === known) return;
  const name = databaseName(settings);
  if (found < known) throw new CurfewError("input", `${name} was put back to an older curfew meanwhile`);
  throw new CurfewError("input", `${name} was written by a newer curfew; nothing was touched`, {
    hint: "use that curfew: all machines that share a history need the same version of it",
  });
}

interface Found {
  readonly encoding: string;
  /** Null: there is no schema `curfew` yet. */
  readonly owner: string | null;
  readonly owns: boolean;
  readonly tables: boolean;
  readonly account: string;
}

async function lookAt(session: DatabaseSession): Promise<Found> {
  const [found] = await session.rows<Found>(
    `SELECT current_setting('server_encoding') AS encoding, current_user AS account,
            pg_get_userbyid(n.nspowner) AS owner,
            coalesce(pg_has_role(n.nspowner, 'MEMBER'), false) AS owns,
            EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'history_state') AS tables
     FROM (SELECT 1) AS one LEFT JOIN pg_namespace n ON n.nspname = 'curfew'`,
  );
  if (found === undefined) throw new Error("PostgreSQL answered without a row");
  return found;
}

async function versionOf(session: DatabaseSession): Promise<number> {
  const [row] = await session.rows<{ version: number }>("SELECT version FROM curfew.history_state");
  return row?.version ?? 0;
}

/** All steps or none; another curfew may have been quicker. */
async function upgrade(
  session: DatabaseSession,
  settings: PostgresSettings,
  found: Found,
  steps: readonly string[],
): Promise<void> {
  if (found.owner !== null && !found.owns) throw notTheOwner(settings, found);
  await session.script("BEGIN");
  try {
    await session.rows("SELECT pg_advisory_xact_lock($1, $2)", [LOCKS, GATE]);
    if (found.owner === null) await session.script("CREATE SCHEMA IF NOT EXISTS curfew");
    // So that the grants that the owner made for what it will make hold.
    else await session.rows("SELECT set_config('role', $1, true)", [found.owner]);
    const { tables } = await lookAt(session);
    const version = tables ? await versionOf(session) : 0;
    for (const step of steps.slice(version)) await session.script(step);
    if (version < steps.length) {
      await session.change("UPDATE curfew.history_state SET version = $1", [steps.length]);
      await session.script(GRANTS);
    }
    await session.script("COMMIT");
  } catch (error) {
    if (!session.lost()) await session.script("ROLLBACK").catch(() => []);
    throw error;
  }
}

function notReady(settings: PostgresSettings, { tables }: Found): CurfewError {
  const state = tables ? "is of an older curfew" : "is not there yet";
  return new CurfewError("input", `${databaseName(settings)} ${state}; nothing was touched`, {
    hint: "curfew history makes it and brings it up to date, as a login that may",
  });
}

function notTheOwner(settings: PostgresSettings, { account, owner, tables }: Found): CurfewError {
  const state = tables ? "is of an older curfew" : "has no tables yet";
  return new CurfewError("input", `${databaseName(settings)} ${state}, and ${account} may not make them`, {
    hint: `run curfew history once as a login that is a member of ${owner}; curfew help postgresql has the roles`,
  });
}

function wrongEncoding(settings: PostgresSettings, encoding: string): CurfewError {
  return new CurfewError(
    "input",
    `${databaseName(settings)} has the encoding ${encoding}, which cannot hold every text`,
    { hint: "make the database with ENCODING 'UTF8'; nothing was touched" },
  );
}
