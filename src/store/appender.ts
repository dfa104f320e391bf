import { appendFileSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";

/**
 * How soon a line has to be in the file: forced to the disk, handed to the system at once, or together
 * with what follows within a fraction of a second.
 */
export type Urgency = "synced" | "now" | "soon";

const SOON_MS = 100;

/** A file that only grows, written behind the caller's back and in order. */
export interface Appender {
  append(text: string, urgency: Urgency): void;
  close(): Promise<void>;
}

/**
 * Appends in order. Nothing waits for a disk, since probes measure time on the event loop: what has to be with the
 * system at once is handed over in place, a tenth of what a worker thread's round costs; the rest and what is
 * forced to the disk are written beside the loop, all that is queued during one write with the next.
 * After the first error `fail` is told and everything further is dropped.
 */
export function createAppender(file: FileHandle, fail: (error: unknown) => void): Appender {
  let queued = "";
  let syncQueued = false;
  let broken = false;
  let writing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function drain(): Promise<void> {
    try {
      while (queued !== "") {
        const [text, sync] = [queued, syncQueued];
        queued = "";
        syncQueued = false;
        await file.appendFile(text);
        if (sync) await file.datasync();
      }
    } catch (error) {
      giveUp(error);
    } finally {
      writing = undefined;
    }
  }

  function giveUp(error: unknown): void {
    broken = true;
    queued = "";
    fail(error);
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (queued !== "") writing ??= drain();
  }

  function handOver(): void {
    // Not past a write that is under way, nor past what waits for the disk.
    if (writing !== undefined || syncQueued) return flush();
    clearTimeout(timer);
    timer = undefined;
    const text = queued;
    queued = "";
    try {
      appendFileSync(file.fd, text);
    } catch (error) {
      giveUp(error);
    }
  }

  return {
    append(text, urgency) {
      if (broken) return;
      queued += text;
      syncQueued ||= urgency === "synced";
      // A write costs as much as a tenth of a login: what nobody needs after a crash can wait for company.
      if (urgency === "soon") timer ??= setTimeout(flush, SOON_MS);
      else handOver();
    },
    async close() {
      flush();
      await writing;
      await file.close().catch(fail);
    },
  };
}
