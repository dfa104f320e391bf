import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type RunEvent, STEPS } from "../../model/change/run.ts";
import { createAppender, type Appender, type Urgency } from "../file/appender.ts";
import { writeAtomically } from "../file/atomic-write.ts";
import { makeStateDirectory } from "../file/own-place.ts";

/** How many runs are kept; the oldest go when a new one begins. */
const KEPT = 200;
const RUN_NAME = /^\d{8}T\d{6}Z-[a-z]+-[0-9a-f]{8}$/u;

/**
 * What happened in one run, on disk as it happens. A journal that cannot be written is a warning,
 * never the end of the run: the hosts matter more than the record.
 */
export interface Journal {
  readonly runId: string;
  /** Where it is; null where it could not be made. */
  readonly directory: string | null;
  append(event: RunEvent): void;
  /** Writes a document beside the events; `name` is `plan.json` or `result.json`. */
  write(name: "plan.json" | "result.json", chunks: Iterable<string>): Promise<void>;
  /** Resolves when everything appended so far is on disk or given up. */
  close(): Promise<void>;
}

export interface JournalOptions {
  /** curfew's state directory, from `stateDirectory`. */
  readonly state: string;
  readonly runId: string;
  readonly now: () => Date;
  /** Told at most once per kind of trouble, for people. */
  readonly warn: (message: string) => void;
}

/** A name for a run that sorts by time: `20261122T034310Z-apply-3f2a9c01`. */
export function createRunId(command: string, now: Date, token: string): string {
  const time = now.toISOString().replace(/\.\d+/u, "").replaceAll(/[-:]/gu, "");
  return `${time}-${command}-${token.slice(0, 8)}`;
}

/** Opens the journal `runs/RUN_ID/` (mode 0700) in the state directory. Never rejects. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const directory = join(options.state, "runs", options.runId);
  try {
    await makeStateDirectory(options.state, "runs", options.runId);
    const file = await open(join(directory, "events.ndjson"), "ax", 0o600);
    const pruned = prune(join(options.state, "runs"));
    return createJournal(
      directory,
      createAppender(file, (error) => warn(options, error)),
      pruned,
      options,
    );
  } catch (error) {
    warn(options, error);
    return { runId: options.runId, directory: null, append() {}, async write() {}, async close() {} };
  }
}

function createJournal(
  directory: string,
  events: Appender,
  pruned: Promise<void>,
  options: JournalOptions,
): Journal {
  let changes = true;
  return {
    runId: options.runId,
    directory,
    append(event) {
      const text = `${JSON.stringify({ time: options.now().toISOString(), ...event })}\n`;
      // After a crash somebody must find out which hosts were changed; what was only read is read again.
      if (event.type === "run-started") changes = event.command === "apply" || event.command === "revert";
      events.append(text, urgencyOf(event, changes));
    },
    async write(name, chunks) {
      await writeAtomically(join(directory, name), chunks).catch((error: unknown) => warn(options, error));
    },
    async close() {
      await Promise.all([events.close(), pruned]);
    },
  };
}

/** Before it, a host is as it was but for what the next run tidies away. */
const ARMED = STEPS.indexOf("armed");

function urgencyOf(event: RunEvent, changes: boolean): Urgency {
  if (event.type === "run-finished") return "synced";
  if (!changes || (event.type === "host-step" && STEPS.indexOf(event.step) < ARMED)) return "soon";
  return event.type === "host-finished" ? "synced" : "now";
}

/** Takes away the oldest runs, and nothing whose name curfew did not give. */
async function prune(runs: string): Promise<void> {
  const names = await readdir(runs).catch((): string[] => []);
  const ours = names.filter((name) => RUN_NAME.test(name)).toSorted();
  const old = ours.slice(0, Math.max(0, ours.length - KEPT));
  // What cannot be taken away now is taken away by a later run.
  await Promise.allSettled(old.map((name) => rm(join(runs, name), { recursive: true, force: true })));
}

function warn({ warn: tell }: JournalOptions, error: unknown): void {
  tell(`this run is not fully recorded: ${error instanceof Error ? error.message : String(error)}`);
}
