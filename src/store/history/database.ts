/** The file behind the history: how it is made, opened, upgraded and written by several curfew processes at once. */
import { mkdirSync, openSync, closeSync, fsyncSync, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { refuseForeignDirectory, refuseNotAFile } from "../file/own-place.ts";
import { historyError, inHistory, isBusy } from "./error.ts";
import { APPLICATION_ID, MIGRATIONS } from "./schema.ts";

/** How long SQLite itself waits for a lock: the event loop stands still meanwhile, and probes measure time on it. */
const BLOCKING_MS = 5;
/** How long curfew waits, between tries, letting everything else go on. */
const PATIENCE_MS = 60_000;

/** A connection to the history. Synchronous: rows come from the page cache, and only a commit waits for the disk. */
export interface Database {
  readonly file: string;
  all<T>(sql: string, ...values: SQLInputValue[]): T[];
  get<T>(sql: string, ...values: SQLInputValue[]): T | undefined;
  /** Returns the id of the row it put in. */
  run(sql: string, ...values: SQLInputValue[]): number;
  /** Returns how many rows it changed. */
  update(sql: string, ...values: SQLInputValue[]): number;
  exec(sql: string): void;
  /** False also after SQLite itself has taken back everything, as where the disk is full. */
  inTransaction(): boolean;
  /** Runs `work` on one state of the database, whatever is written meanwhile. */
  snapshot<T>(work: () => T): T;
  close(): void;
}

/**
 * Opens `history.sqlite` in `state`, making both for the owner alone, and brings it up to date.
 * Errors: CurfewError `input` for a file that is newer than this curfew, not curfew's, damaged or out of reach; it
 * is left as it was.
 */
export async function openDatabase(state: string, steps: readonly string[] = MIGRATIONS): Promise<Database> {
  const file = join(state, "history.sqlite");
  inHistory(file, () => makeFile(state, file));
  return whenFree(file, () => prepareFile(connect(file), steps));
}

/** One more connection to an open history, for reading one state of it for as long as it takes. */
export function openReader(file: string): Promise<Database> {
  return whenFree(file, () => connect(file));
}

/**
 * Opens `history.sqlite` in `state` as it is, for reading alone: it is neither made nor brought up to date.
 * Errors: as `openDatabase`; CurfewError `input` also where there is none, or one of an older curfew.
 */
export async function openAsItIs(state: string): Promise<Database> {
  const file = join(state, "history.sqlite");
  inHistory(file, () => {
    refuseForeign(state, file);
    if (!existsSync(file)) throw noHistory(file);
  });
  return whenFree(file, async () => {
    const database = await connect(file, { readOnly: true });
    try {
      refuseStranger(database, MIGRATIONS.length);
      if (versionOf(database) < MIGRATIONS.length) throw olderHistory(file, versionOf(database));
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

function noHistory(file: string): CurfewError {
  return new CurfewError("input", `there is no history ${visible(file)} yet`, {
    hint: "curfew audit makes one; set XDG_STATE_HOME where it is another user's or stands elsewhere",
  });
}

function olderHistory(file: string, version: number): CurfewError {
  const state = version === 0 ? "has not been written yet" : "was written by an older curfew";
  return new CurfewError("input", `the history ${visible(file)} ${state}; nothing was touched`, {
    hint: "curfew history brings it up to date; run it once as the user whose history it is",
  });
}

/**
 * Tries until nobody else holds the lock, without blocking the event loop.
 * Errors: as `historyError`; `input` after a minute.
 */
export async function whenFree<T>(file: string, work: () => T | Promise<T>): Promise<T> {
  const begin = performance.now();
  for (let pause = 2; ; pause = Math.min(pause * 1.5, 50)) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error) || performance.now() - begin > PATIENCE_MS) throw historyError(file, error);
      // Not in step with the others who wait.
      await sleep(pause * (0.5 + Math.random()));
    }
  }
}

/** SQLite follows links, and takes an empty device for a new database. */
function refuseForeign(state: string, file: string): void {
  refuseForeignDirectory(state);
  for (const end of ["", "-wal", "-shm", "-journal"]) refuseNotAFile(`${file}${end}`);
}

/** The name of a new file must survive a power cut as well: its directory is synchronised. */
function makeFile(state: string, file: string): void {
  refuseForeign(state, file);
  if (existsSync(file)) return;
  mkdirSync(state, { recursive: true, mode: 0o700 });
  try {
    // Only where it is new: closing any descriptor of a database drops this process's locks on it (fcntl(2)).
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    if (!existsSync(file)) throw error;
  }
  for (const directory of [state, dirname(state)]) {
    const descriptor = openSync(directory, "r");
    fsyncSync(descriptor);
    closeSync(descriptor);
  }
}

async function connect(file: string, { readOnly = false } = {}): Promise<Database> {
  const { DatabaseSync: Connection } = await loadSqlite();
  const options = { timeout: BLOCKING_MS, enableForeignKeyConstraints: false, readOnly };
  return wrap(file, new Connection(file, options));
}

/** Early releases of Node 24 call their SQLite experimental, on the user's screen: 24.12.0 does, 24.21.0 does not. */
export async function loadSqlite(): Promise<typeof import("node:sqlite")> {
  const { emitWarning } = process;
  process.emitWarning = (...given: unknown[]) => {
    const [warning, kind] = given;
    if (kind !== "ExperimentalWarning" || !String(warning).startsWith("SQLite")) {
      Reflect.apply(emitWarning, process, given);
    }
  };
  try {
    return await import("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}

function wrap(file: string, connection: DatabaseSync): Database {
  const prepared = new Map<string, StatementSync>();
  const statement = (sql: string): StatementSync => {
    const found = prepared.get(sql) ?? connection.prepare(sql);
    prepared.set(sql, found);
    return found;
  };
  return {
    file,
    // Every table is STRICT, so what a column holds is what the schema says.
    all: <T>(sql: string, ...values: SQLInputValue[]) => statement(sql).all(...values) as T[],
    get: <T>(sql: string, ...values: SQLInputValue[]) => statement(sql).get(...values) as T | undefined,
    run: (sql, ...values) => Number(statement(sql).run(...values).lastInsertRowid),
    update: (sql, ...values) => Number(statement(sql).run(...values).changes),
    exec: (sql) => connection.exec(sql),
    inTransaction: () => connection.isTransaction,
    snapshot(work) {
      connection.exec("BEGIN");
      try {
        return work();
      } finally {
        if (connection.isTransaction) connection.exec("COMMIT");
      }
    },
    close: () => connection.close(),
  };
}

async function prepareFile(opening: Promise<Database>, steps: readonly string[]): Promise<Database> {
  const database = await opening;
  try {
    // Before anything else is touched.
    refuseStranger(database, steps.length);
    const fresh = versionOf(database) === 0;
    if (fresh) database.exec("PRAGMA auto_vacuum = INCREMENTAL");
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    if (versionOf(database) < steps.length) migrate(database, steps);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function refuseStranger(database: Database, known: number): void {
  const version = versionOf(database);
  const file = visible(database.file);
  if (version > known) {
    throw new CurfewError("input", `the history ${file} was written by a newer curfew; nothing was touched`, {
      hint: "use that curfew, or set XDG_STATE_HOME to another directory",
    });
  }
  const { application_id: application } =
    database.get<{ application_id: number }>("PRAGMA application_id") ?? {};
  const empty = database.get("SELECT 1 FROM sqlite_schema") === undefined;
  if (application === APPLICATION_ID || (version === 0 && empty)) return;
  throw new CurfewError(
    "input",
    `${file} is a database, but not a history that curfew wrote; nothing was touched`,
    {
      hint: "move it away, or set XDG_STATE_HOME to another directory",
    },
  );
}

/** All steps or none; another curfew may have been quicker. */
function migrate(database: Database, steps: readonly string[]): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const step of steps.slice(versionOf(database))) database.exec(step);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${steps.length}; COMMIT`);
  } catch (error) {
    if (database.inTransaction()) database.exec("ROLLBACK");
    throw error;
  }
}

function versionOf(database: Database): number {
  return database.get<{ user_version: number }>("PRAGMA user_version")?.user_version ?? 0;
}
