/**
 * Connections to PostgreSQL, for everything that curfew keeps there. The driver is loaded with the first one. Nothing
 * waits for ever: the server ends what takes too long, and where it says nothing the connection is given up.
 */
import { Socket } from "node:net";
import type { Client, ClientConfig, CustomTypesConfig } from "pg";
import { setTimeout as sleep } from "node:timers/promises";
import { noPassword, postgresError, refusesEncryption, standby } from "./error.ts";
import type { PostgresSettings, Server } from "./settings.ts";
import { refuseShared } from "./pooler.ts";
import { fromColumns, toColumn } from "./text.ts";

/** Milliseconds. */
export interface Patience {
  /** For one statement, as the server counts. */
  readonly statement: number;
  /** For a lock that somebody else holds. */
  readonly lock: number;
  /** For an answer, after which the connection counts as lost. */
  readonly answer: number;
  /** For a server that is gone, until what was to be stored is given up. */
  readonly outage: number;
}

export const PATIENCE: Patience = { statement: 60_000, lock: 20_000, answer: 65_000, outage: 30_000 };

/** One connection; one statement at a time. Errors are those of the driver: `postgresError` has words for them. */
export interface DatabaseSession {
  rows<T>(text: string, values?: readonly unknown[]): Promise<T[]>;
  /** Returns how many rows were changed. */
  change(text: string, values?: readonly unknown[]): Promise<number>;
  /** Several statements without values; the rows of the last one. */
  script<T>(text: string): Promise<T[]>;
  /** Nothing more will come of it. */
  lost(): boolean;
  close(): Promise<void>;
}

/**
 * Connects to the first server that answers and takes writes.
 * Errors: CurfewError `input` in the words of `postgresError`, of the last server that was tried.
 */
export async function openDatabaseSession(
  settings: PostgresSettings,
  patience: Patience = PATIENCE,
): Promise<DatabaseSession> {
  let failure: unknown;
  for (const server of settings.servers) {
    try {
      return await openOn(server, settings, patience);
    } catch (error) {
      failure = postgresError(settings, server, error);
    }
  }
  throw failure;
}

async function openOn(
  server: Server,
  settings: PostgresSettings,
  patience: Patience,
): Promise<DatabaseSession> {
  const socket = server.address.startsWith("/");
  const [first = false, second] = socket ? [false] : settings.encryption.tries;
  try {
    return await openAs(first, server, settings, patience);
  } catch (error) {
    // `prefer`, as libpq: not where the server is gone, but where it refuses this way.
    if (second === undefined || !refusesEncryption(error)) throw error;
    return openAs(second, server, settings, patience);
  }
}

async function openAs(
  encrypted: boolean,
  server: Server,
  settings: PostgresSettings,
  patience: Patience,
): Promise<DatabaseSession> {
  const { session, pooled } = await connect(encrypted, server, settings, patience);
  if (!pooled) return session;
  const hurried = { ...patience, answer: Math.min(patience.answer, POOL_MS) };
  const another = async (): Promise<DatabaseSession> =>
    (await connect(encrypted, server, settings, hurried)).session;
  try {
    await refuseShared(session, another);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Milliseconds after which a pool has no further connection to give. */
const POOL_MS = 3000;

/** `pooled`: what answers is not the server's process that said who it is, but something in between. */
async function connect(
  encrypted: boolean,
  server: Server,
  settings: PostgresSettings,
  patience: Patience,
): Promise<{ readonly session: DatabaseSession; readonly pooled: boolean }> {
  const { default: driver } = await import("pg");
  const socket = new Socket();
  const config = configOf(encrypted, server, settings, patience, socket);
  const client: Client & Undeclared = new driver.Client({ ...config, types: numbers(driver.types) });
  // Without options of ours none is sent, since PgBouncer refuses the parameter; the driver would take PGOPTIONS.
  if (client.connectionParameters !== undefined) client.connectionParameters.options = settings.options;
  const session = wrap(client, socket);
  try {
    await client.connect();
    const process = await prepare(session, settings, patience);
    return { session, pooled: client.processID !== process };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** What the driver's clients have besides their types. */
interface Undeclared {
  /** Of the server's process, as the connection's beginning named it. */
  readonly processID?: number | null;
  readonly connectionParameters?: { options: string | undefined };
}

/** Every word that the driver would otherwise look up in the environment by itself. */
function configOf(
  encrypted: boolean,
  server: Server,
  settings: PostgresSettings,
  patience: Patience,
  socket: Socket,
): ClientConfig {
  const { user, database, encryption, applicationName, options } = settings;
  const name = { host: server.host, servername: server.host };
  return {
    host: server.address,
    port: server.port,
    user,
    database,
    password: () => passwordOf(server, settings),
    ssl: encrypted ? { ...encryption.options(), ...(server.host === server.address ? {} : name) } : false,
    sslnegotiation: encrypted && encryption.direct ? "direct" : "postgres",
    enableChannelBinding: encrypted && encryption.channelBinding !== "disable",
    application_name: applicationName,
    options: options ?? " ",
    connectionTimeoutMillis: settings.connectSeconds * 1000,
    query_timeout: patience.answer,
    keepAlive: true,
    keepAliveInitialDelayMillis: settings.idleSeconds * 1000,
    stream: () => socket,
  };
}

function passwordOf(server: Server, settings: PostgresSettings): string {
  const { password, refusal } = settings.password(server);
  if (password === undefined) throw noPassword(settings, server, refusal);
  return password.reveal();
}

/** Whole numbers of eight bytes as numbers: none here is as large as 2^53. */
function numbers(types: CustomTypesConfig): CustomTypesConfig {
  const INT8 = 20;
  const getTypeParser = (oid: number, format?: "text" | "binary"): unknown =>
    oid === INT8 ? Number : types.getTypeParser(oid, format as "text");
  return { getTypeParser: getTypeParser as CustomTypesConfig["getTypeParser"] };
}

/**
 * Settings of the session rather than of its start, which poolers refuse. The server notices within a minute that this
 * machine is gone. Names are looked up where nobody but the owner of the history can put anything.
 * Returns the number of the process that answers.
 */
async function prepare(
  session: DatabaseSession,
  { idleSeconds }: PostgresSettings,
  patience: Patience,
): Promise<number | undefined> {
  const wanted = {
    search_path: "pg_catalog",
    statement_timeout: String(patience.statement),
    lock_timeout: String(patience.lock),
    idle_in_transaction_session_timeout: String(patience.answer),
    tcp_keepalives_idle: String(idleSeconds),
    tcp_keepalives_interval: "10",
    tcp_keepalives_count: "3",
    default_transaction_isolation: "read committed",
    bytea_output: "hex",
  };
  const calls = Object.entries(wanted).map(([name, value]) => `set_config('${name}', '${value}', false)`);
  const [state] = await session.rows<{ standby: boolean; readonly: string; process: number }>(
    `SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') AS readonly,
            pg_backend_pid() AS process,
            ${calls.join(", ")}`,
  );
  if (state?.standby === true || state?.readonly === "on") throw standby();
  return state?.process;
}

function wrap(client: Client, socket: Socket): DatabaseSession {
  let over = false;
  const end = (): void => {
    over = true;
  };
  client.on("error", end);
  client.on("end", end);
  const ask = async <T>(text: string, values?: readonly unknown[]): Promise<{ rows: T[]; count: number }> => {
    try {
      const result: unknown = await client.query(text, values?.map(toColumn));
      const last = (Array.isArray(result) ? result.at(-1) : result) as { rows: T[]; rowCount: number | null };
      for (const row of last.rows) fromColumns(row);
      return { rows: last.rows, count: last.rowCount ?? 0 };
    } catch (error) {
      // The answer may still come, to a question that nobody asks any more.
      if (isUnanswered(error)) {
        over = true;
        socket.destroy();
      }
      throw error;
    }
  };
  return {
    rows: async <T>(text: string, values: readonly unknown[] = []) => (await ask<T>(text, values)).rows,
    change: async (text, values = []) => (await ask(text, values)).count,
    script: async <T>(text: string) => (await ask<T>(text)).rows,
    lost: () => over,
    async close() {
      over = true;
      await Promise.race([client.end(), sleep(1000, undefined, { ref: false })]);
      socket.destroy();
    },
  };
}

function isUnanswered(error: unknown): boolean {
  return error instanceof Error && !("code" in error);
}
