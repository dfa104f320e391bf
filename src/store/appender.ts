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
 * Appends without ever blocking the event loop, since probes measure time on it. What is queued
 * during one write goes out with the next, so a fleet's worth of events costs a few writes.
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
      broken = true;
      queued = "";
      fail(error);
    } finally {
      writing = undefined;
    }
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (queued !== "") writing ??= drain();
  }

  return {
    append(text, urgency) {
      if (broken) return;
      queued += text;
      syncQueued ||= urgency === "synced";
      // A write costs as much as a tenth of a login: what nobody needs after a crash can wait for company.
      if (urgency === "soon") timer ??= setTimeout(flush, SOON_MS);
      else flush();
    },
    async close() {
      flush();
      await writing;
      await file.close().catch(fail);
    },
  };
}
