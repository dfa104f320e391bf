/** pg-boss over curfew's own connections. It is loaded with the first queue that is opened. */
import type { PgBoss } from "pg-boss";
import type { DatabaseSession } from "../postgres/session.ts";
import type { QueueLine } from "./line.ts";
import { SCHEMA } from "./schema.ts";

/** Seconds without a sign of life after which a worker's hosts go to others. */
const HEARTBEAT = 15;

/** Of each queue: a host is tried until that many workers were lost with it. */
export const QUEUE = {
  retryLimit: 20,
  retryDelay: 0,
  expireInSeconds: 23 * 3600,
  heartbeatSeconds: HEARTBEAT,
  deleteAfterSeconds: 24 * 3600,
} as const;

/** Starts the engine. Nothing runs by itself: neither supervision nor schedules nor notices. */
export async function startEngine(line: QueueLine): Promise<PgBoss> {
  const { PgBoss: Engine } = await import("pg-boss");
  const engine = new Engine({
    db: { executeSql: (text, values) => line.run((session) => execute(session, text, values)) },
    schema: SCHEMA,
    migrate: false,
    supervise: false,
    schedule: false,
    persistWarnings: false,
    persistQueueStats: false,
    monitorVacuum: false,
    reindex: false,
    // `supervise()` is called more often; between two looks at least this.
    monitorIntervalSeconds: 2,
  });
  // What a call is refused for, it throws; the rest are remarks about the engine's own tables.
  engine.on("error", () => {});
  engine.on("warning", () => {});
  try {
    await engine.start();
    return engine;
  } catch (error) {
    // What it has begun would keep this process alive.
    await engine.stop({ close: false, graceful: false }).catch(() => {});
    throw error;
  }
}

/** For calls that belong to a transaction. */
export function within(session: DatabaseSession): { readonly db: { executeSql: Execute } } {
  return { db: { executeSql: (text, values) => execute(session, text, values) } };
}

type Execute = (text: string, values?: unknown[]) => Promise<{ rows: unknown[] }>;

/** Several statements in one text have no values. */
async function execute(
  session: DatabaseSession,
  text: string,
  values?: unknown[],
): Promise<{ rows: unknown[] }> {
  const rows =
    values === undefined || values.length === 0
      ? await session.script<unknown>(text)
      : await session.rows<unknown>(text, values);
  return { rows };
}

/** The queue of a place: those of other versions are others, so that no worker is handed what it would judge otherwise. */
export function queueName(version: string, place: string): string {
  return `${version.replaceAll(/[^\w.-]/gu, "_")}/${place}`;
}

export function placeOfQueue(queue: string): string {
  return queue.slice(queue.indexOf("/") + 1);
}
