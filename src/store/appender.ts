import type { FileHandle } from "node:fs/promises";

/** A file that only grows, written behind the caller's back and in order. */
export interface Appender {
  /** Queues text; with `sync` it is also forced to the disk. */
  append(text: string, sync: boolean): void;
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

  return {
    append(text, sync) {
      if (broken) return;
      queued += text;
      syncQueued ||= sync;
      writing ??= drain();
    },
    async close() {
      await writing;
      await file.close().catch(fail);
    },
  };
}
