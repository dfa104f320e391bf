/**
 * The queue of runs that many machines share: pg-boss hands hosts to workers and takes them back from those that are gone;
 * curfew's own tables beside it hold what a run is and what was answered. Everything is gone when a run ends.
 */
import { randomUUID } from "node:crypto";
import type { LeftRun, NewSharedRun, SharedRun, WorkerQueue } from "../../model/record/shared-work.ts";
import { overNewSession } from "../postgres/again.ts";
import { openDatabaseSession, type Patience, PATIENCE } from "../postgres/session.ts";
import type { PostgresSettings } from "../postgres/settings.ts";
import { beginRun, continueRun, type ContinuedRun, type FoundRun, leftRuns } from "./coordinator.ts";
import { startEngine } from "./engine.ts";
import { createLine, type Lines } from "./line.ts";
import { prepareQueue } from "./open.ts";
import { servedPlaces } from "./running.ts";
import { createWorkerQueue } from "./worker.ts";

export interface QueueOptions {
  readonly postgres: PostgresSettings;
  /** Of this curfew: it shares runs with its own kind alone. */
  readonly version: string;
  readonly patience?: Patience;
}

export interface Queue {
  begin(run: NewSharedRun): Promise<SharedRun>;
  /**
   * Goes on with a run whose coordinator has given no sign of life for a while, unless `check` throws.
   * Errors: CurfewError `input`, `locked`, and those of `check`.
   */
  continue(runId: string, owner: string, check: (found: FoundRun) => void): Promise<ContinuedRun>;
  /** Places that workers of this version serve now. */
  served(): Promise<ReadonlySet<string>>;
  /** Runs of this version that lost their coordinator. */
  left(): Promise<readonly LeftRun[]>;
  close(): Promise<void>;
}

/**
 * Opens the queue in a PostgreSQL database, and makes its tables where there are none and the account may.
 * Errors: CurfewError `input` for whatever the network, the server and the queue itself refuse.
 */
export async function openQueue(options: QueueOptions): Promise<Queue> {
  const lines = await openLines(options);
  return {
    begin: (run) => beginRun(lines, run, randomUUID()),
    continue: (runId, owner, check) => continueRun(lines, runId, owner, randomUUID(), check),
    served: () => lines.own.run((session) => servedPlaces(session, lines.version)),
    left: () => leftRuns(lines),
    close: () => lines.close(),
  };
}

/** The same for a worker that is called `name` and serves these zones; `applies`: it also changes hosts there. */
export async function openWorkerQueue(
  options: QueueOptions,
  name: string,
  zones: readonly string[],
  applies = false,
): Promise<WorkerQueue> {
  return createWorkerQueue(await openLines(options), { id: randomUUID(), name, zones, applies });
}

function openLines({ postgres, version, patience = PATIENCE }: QueueOptions): Promise<Lines> {
  const place = { ...postgres, what: "the queue" } as const;
  return overNewSession(place, patience, async (first) => {
    await prepareQueue(first, place);
    const own = createLine(first, place, patience);
    const other = createLine(await openDatabaseSession(place, patience), place, patience);
    const close = async (): Promise<void> => void (await Promise.all([own.close(), other.close()]));
    try {
      const engine = await startEngine(other);
      return {
        engine,
        own,
        version,
        async close() {
          await engine.stop({ close: false, graceful: false });
          await close();
        },
      };
    } catch (error) {
      await close();
      throw error;
    }
  });
}
