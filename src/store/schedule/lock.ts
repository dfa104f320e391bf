/** The lock that only one run of a schedule holds. */
import { join } from "node:path";
import { makeStateDirectory, refuseNotAFile } from "../file/own-place.ts";
import { isBusy } from "../history/error.ts";
import { loadSqlite } from "../history/database.ts";

export interface ScheduleLock {
  release(): void;
}

/**
 * Takes the lock of a schedule, `schedules/NAME.lock` in the state directory; undefined where another process
 * has it. The kernel holds it (fcntl(2), through SQLite, as Node has no way of its own) and lets it go with the
 * process, however that ends: none is ever stale, and it holds between containers that share the directory.
 * Errors: those of node:fs and node:sqlite.
 */
export async function takeScheduleLock(state: string, name: string): Promise<ScheduleLock | undefined> {
  const directory = await makeStateDirectory(state, "schedules");
  const file = join(directory, `${name}.lock`);
  for (const path of [file, `${file}-journal`]) refuseNotAFile(path);
  const { DatabaseSync } = await loadSqlite();
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}
