/**
 * One schedule of many machines: a row in PostgreSQL says whose turn it is. The machine that has it gives a sign of life
 * every few seconds. After a while without one another machine may take over, and what the first one writes or tells then
 * is refused.
 */
import { randomUUID } from "node:crypto";
import { readJson } from "../../core/text/json.ts";
import {
  type BusySchedule,
  resultSchema,
  type ScheduleResult,
  type ScheduleStore,
  type ScheduleTurn,
  type TurnToken,
} from "../../model/record/schedule.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { DatabaseSession } from "../postgres/session.ts";
import type { QueueLine } from "../queue/line.ts";
import { openScheduleLine, type SharedPlace, underTurn } from "./database.ts";

/** Seconds without a sign of life after which another machine takes over. */
export const TURN_GONE = 20;
/** Milliseconds between two signs of life. */
const BEAT = 4000;

/** Which schedule it is: those of other policies or hosts are others, whatever they are called. */
export interface SharedKey {
  readonly name: string;
  /** The policy's name. */
  readonly policy: string;
  /** What `-l` was given; empty for all. */
  readonly limit: string;
  /** Names of the hosts; empty where they are not known. */
  readonly hosts: readonly string[];
  /** Who asks: `root@web1`. */
  readonly owner: string;
}

export function createSharedSchedule(place: SharedPlace, key: SharedKey): ScheduleStore {
  return {
    async take(stay) {
      const line = await openScheduleLine(place);
      const me = randomUUID();
      try {
        for (;;) {
          const taken = await line.transaction((session) => takeRow(session, key, me));
          if ("id" in taken) return hold(line, taken, me);
          if ((await stay?.(taken.busy)) === true) continue;
          await line.close();
          return taken;
        }
      } catch (error) {
        await line.close();
        throw error;
      }
    },
    async last() {
      const line = await openScheduleLine(place);
      try {
        const [row] = await line.run((session) => rowsOf(session, key));
        return readResult(row?.result ?? null);
      } finally {
        await line.close();
      }
    },
  };
}

interface Row {
  readonly id: number;
  readonly turn: number;
  readonly owner: string;
  readonly held: boolean;
  readonly result: string | null;
  readonly seconds: number | null;
}

const COLUMNS = `id, turn, owner, result, extract(epoch FROM clock_timestamp() - began)::float8 AS seconds,
  holder IS NOT NULL AND seen > clock_timestamp() - interval '${TURN_GONE} seconds' AS held`;

function rowsOf(session: DatabaseSession, { name, policy, limit }: SharedKey): Promise<Row[]> {
  return session.rows<Row>(
    `SELECT ${COLUMNS} FROM curfew.schedule WHERE name = $1 AND policy = $2 AND host_limit = $3`,
    [name, policy, limit],
  );
}

async function takeRow(session: DatabaseSession, key: SharedKey, me: string): Promise<Row | BusySchedule> {
  const { name, policy, limit, hosts, owner } = key;
  const [seen] = await rowsOf(session, key);
  if (seen === undefined) {
    await session.change(
      `INSERT INTO curfew.schedule (name, policy, host_limit, hosts, owner) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT DO NOTHING`,
      [name, policy, limit, hosts, owner],
    );
  }
  // A row that is locked at this moment is being taken, or proved by its holder: it counts as held.
  const [row] = await session.rows<Row & { readonly mine: boolean; readonly others: boolean }>(
    `SELECT ${COLUMNS}, coalesce(holder = $5, false) AS mine,
            cardinality(hosts) > 0 AND cardinality($4::text[]) > 0 AND NOT hosts && $4::text[] AS others
     FROM curfew.schedule WHERE name = $1 AND policy = $2 AND host_limit = $3 FOR NO KEY UPDATE SKIP LOCKED`,
    [name, policy, limit, hosts, me],
  );
  if (row?.others === true) throw otherHosts(key, row);
  if (row === undefined || (row.held && !row.mine)) return { busy: busyText(row ?? seen) };
  const turn = row.turn + 1;
  await session.change(
    `UPDATE curfew.schedule SET holder = $2, owner = $3, turn = $4, seen = clock_timestamp(),
            hosts = CASE WHEN cardinality($5::text[]) > 0 THEN $5::text[] ELSE hosts END WHERE id = $1`,
    [row.id, me, owner, turn, hosts],
  );
  return { ...row, turn };
}

function busyText(row: Row | undefined): string {
  const began = readResult(row?.result ?? null)?.startedAt ?? "an unknown time";
  return `the audit of ${row?.owner ?? "another machine"} that began at ${began} is still running`;
}

function otherHosts({ name, policy }: SharedKey, { owner }: Row): CurfewError {
  return new CurfewError(
    "input",
    `the schedule ${name} of the policy ${policy} in this database audits other hosts, on ${owner}: none of those of this machine`,
    { hint: "machines that share a schedule audit the same hosts: give this one another --name" },
  );
}

/** Undefined for what is not a result of this curfew. */
function readResult(stored: string | null): ScheduleResult | undefined {
  return stored === null ? undefined : resultSchema.safeParse(readJson(stored)).data;
}

function hold(line: QueueLine, row: Row, me: string): ScheduleTurn {
  const token: TurnToken = { schedule: row.id, turn: row.turn };
  const lost = new AbortController();
  const ask = async (): Promise<boolean> => {
    const count = await line.run((session) => beatOnce(session, token, me)).catch(() => undefined);
    if (count === 0) lost.abort();
    return count !== 0;
  };
  // No beat waits for one that waits for the database.
  let waits = false;
  const beat = setInterval(async () => {
    if (waits) return;
    waits = true;
    await ask();
    waits = false;
  }, BEAT);
  return {
    last: readResult(row.result),
    before: { owner: row.owner, seconds: row.seconds },
    token,
    lost: lost.signal,
    still: ask,
    store: (result) => underTurn(line, token, (session) => putResult(session, token, result)),
    async release() {
      clearInterval(beat);
      await line.run((session) => letGo(session, token, me)).catch(() => {});
      await line.close();
    },
  };
}

function beatOnce(session: DatabaseSession, { schedule, turn }: TurnToken, me: string): Promise<number> {
  return session.change(
    "UPDATE curfew.schedule SET seen = clock_timestamp() WHERE id = $1 AND turn = $2 AND holder = $3",
    [schedule, turn, me],
  );
}

async function putResult(
  session: DatabaseSession,
  { schedule }: TurnToken,
  result: ScheduleResult,
): Promise<void> {
  await session.change(
    `UPDATE curfew.schedule SET result = $2, began = CASE WHEN $3::boolean THEN clock_timestamp() ELSE began END
     WHERE id = $1`,
    [schedule, JSON.stringify(result), result.outcome === "running"],
  );
}

async function letGo(session: DatabaseSession, { schedule, turn }: TurnToken, me: string): Promise<void> {
  await session.change(
    "UPDATE curfew.schedule SET holder = NULL WHERE id = $1 AND turn = $2 AND holder = $3",
    [schedule, turn, me],
  );
}
