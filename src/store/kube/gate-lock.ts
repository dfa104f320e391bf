import { closeSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { isAlive, readProcess } from "./processes.ts";

const PATIENCE_MS = 5000;
const PAUSE_MS = 5;

/**
 * Does `work` while no other process does the same for this state: parallel kubectl commands read and write it one after
 * the other. Errors: those of `work`; that the lock was not to be had.
 */
export function withGateLock<T>(directory: string, id: string, work: () => T): T {
  const path = join(directory, `${id}.lock`);
  const own = `${process.pid} ${readProcess(process.pid)?.start ?? 0}`;
  for (let waited = 0; !take(path, own); waited += PAUSE_MS) {
    if (waited > PATIENCE_MS) throw new Error("another process keeps the state locked");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  }
  try {
    return work();
  } finally {
    rmSync(path, { force: true });
  }
}

function take(path: string, own: string): boolean {
  try {
    const file = openSync(path, "wx", 0o600);
    writeSync(file, own);
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if (isLeft(path)) takeAway(path);
    return false;
  }
}

function isLeft(path: string): boolean {
  try {
    const [pid = "", start = ""] = readFileSync(path, "latin1").split(" ");
    // An empty one is being written at this moment.
    return pid !== "" && !isAlive({ pid: Number(pid), start: Number(start) });
  } catch {
    return false;
  }
}

/** Of a process that died. By rename, so that only one of several takes it; a living one's that came meanwhile goes back. */
function takeAway(path: string): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    if (!isLeft(aside)) linkSync(aside, path);
  } catch {
    // Somebody else did it.
  }
  rmSync(aside, { force: true });
}
