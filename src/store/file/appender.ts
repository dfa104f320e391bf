import { appendFileSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";

/**
 * How soon a line has to be in the file: handed to the system at once and forced to the disk with what
 * follows within half a second, handed over at once, or handed over with what follows.
 */
export type Urgency = "synced" | "now" | "soon";

const SOON_MS = 500;

/** A file that only grows, written behind the caller's back and in order. */
export interface Appender {
  append(text: string, urgency: Urgency): void;
  close(): Promise<void>;
}

/**
 * Appends in order. What has to be with the system at once is handed over in place, a tenth of what a worker
 * thread's round costs; the rest waits for company. Nothing waits for a disk, since probes measure time on the
 * event loop: forcing to it goes on beside the loop, once for all that came meanwhile.
 * After the first error `fail` is told and everything further is dropped.
 */
export function createAppender(file: FileHandle, fail: (error: unknown) => void): Appender {
  let queued = "";
  let unsynced = false;
  let broken = false;
  let timer: NodeJS.Timeout | undefined;
  let syncing: Promise<void> | undefined;

  function giveUp(error: unknown): void {
    if (!broken) fail(error);
    broken = true;
    queued = "";
  }

  function handOver(): void {
    const text = queued;
    queued = "";
    try {
      if (text !== "" && !broken) appendFileSync(file.fd, text);
    } catch (error) {
      giveUp(error);
    }
  }

  async function sync(): Promise<void> {
    unsynced = false;
    await file.datasync().catch(giveUp);
    // What came while the disk was busy.
    if (unsynced) return sync();
    syncing = undefined;
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    handOver();
    if (unsynced && !broken) syncing ??= sync();
  }

  return {
    append(text, urgency) {
      if (broken) return;
      queued += text;
      unsynced ||= urgency === "synced";
      if (urgency !== "soon") handOver();
      if (urgency !== "now") timer ??= setTimeout(flush, SOON_MS);
    },
    async close() {
      flush();
      await syncing;
      await file.close().catch(fail);
    },
  };
}
