/** Alerts on their way, in PostgreSQL: news and what was told are stored together, and one process delivers each. */
import { randomUUID } from "node:crypto";
import { readJson } from "../../core/text/json.ts";
import type { Outbox, QueuedAlert, Told } from "../../model/record/alert.ts";
import type { TurnToken } from "../../model/record/schedule.ts";
import type { DatabaseSession } from "../postgres/session.ts";
import type { QueueLine } from "../queue/line.ts";
import { openScheduleLine, type SharedPlace, underTurn } from "./database.ts";
import { CLAIM, readTold, timeOf, WEEK } from "./outbox.ts";

export interface SharedOutboxOptions extends SharedPlace {
  /** Whose alerts they are: destinations of others may have the same names. */
  readonly scope: string;
  readonly now: () => Date;
  /** Nothing is queued or delivered once another machine has taken over that schedule. */
  readonly turn?: TurnToken | undefined;
}

/** Errors, also those of its methods: those of `openScheduleLine`, and `locked`. */
export async function openSharedOutbox(options: SharedOutboxOptions): Promise<Outbox> {
  const line = await openScheduleLine(options);
  const box: Box = { ...options, line, me: randomUUID() };
  return {
    add: (queued, told) => inBox(box, (session) => add(session, box, queued, told)),
    take: (destination) => inBox(box, (session) => take(session, box, destination)),
    keep: (queued) => inBox(box, (session) => keep(session, box, queued)),
    done: (queued) =>
      line.run(async (session) => {
        await session.change(`DELETE FROM curfew.alert WHERE ${MINE}`, mine(box, queued));
      }),
    putBack: (queued) =>
      line.run(async (session) => {
        await session.change(`UPDATE curfew.alert SET claim = NULL WHERE ${MINE}`, mine(box, queued));
      }),
    lastTold: (key) =>
      line.run(async (session) => {
        const [row] = await session.rows<{ audit: string }>(
          "SELECT audit FROM curfew.told WHERE scope = $1 AND key = $2",
          [box.scope, key],
        );
        return row && readTold(row.audit);
      }),
    giveUp: (destination) => inBox(box, (session) => giveUp(session, box, destination)),
    close: () => line.close(),
  };
}

interface Box extends SharedOutboxOptions {
  readonly line: QueueLine;
  readonly me: string;
}

function inBox<T>({ line, turn }: Box, work: (session: DatabaseSession) => Promise<T>): Promise<T> {
  return underTurn(line, turn, work);
}

const MINE = "scope = $1 AND id = $2 AND claim = $3";

function mine({ scope, me }: Box, { alert }: QueuedAlert): unknown[] {
  return [scope, alert.id, me];
}

async function add(
  session: DatabaseSession,
  { scope }: Box,
  queued: readonly QueuedAlert[],
  told: Told | undefined,
): Promise<void> {
  for (const { destination, alert } of queued) {
    await session.change(
      `INSERT INTO curfew.alert (scope, id, destination, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
      [scope, alert.id, destination, JSON.stringify({ destination, alert })],
    );
  }
  if (told === undefined) return;
  await session.change(
    `INSERT INTO curfew.told (scope, key, audit) VALUES ($1, $2, $3)
     ON CONFLICT (scope, key) DO UPDATE SET audit = excluded.audit`,
    [scope, told.key, JSON.stringify(told.audit)],
  );
}

/** One that was taken under a turn that is over is free at once. */
const FREE = `(claim IS NULL OR claim = $2 OR claimed < clock_timestamp() - interval '${CLAIM} milliseconds'
  OR EXISTS (SELECT FROM curfew.schedule s WHERE s.id = alert.schedule
             AND (s.turn <> alert.turn OR s.holder IS NULL)))`;

async function take(session: DatabaseSession, box: Box, destination: string): Promise<QueuedAlert[]> {
  const { scope, me, turn } = box;
  const rows = await session.rows<{ body: string }>(
    `UPDATE curfew.alert SET claim = $2, claimed = clock_timestamp(), schedule = $4, turn = $5
     WHERE scope = $1 AND id IN (SELECT id FROM curfew.alert
       WHERE scope = $1 AND destination = $3 AND ${FREE} FOR UPDATE SKIP LOCKED)
     RETURNING body`,
    [scope, me, destination, turn?.schedule ?? null, turn?.turn ?? null],
  );
  const taken = rows.flatMap(({ body }) => readQueued(body));
  return taken.toSorted((left, right) => (left.alert.id < right.alert.id ? -1 : 1));
}

/** None where it is damaged; it is given up after a week. */
function readQueued(body: string): QueuedAlert[] {
  const queued = readJson(body) as Partial<QueuedAlert> | null | undefined;
  const whole = typeof queued?.destination === "string" && typeof queued.alert?.id === "string";
  return whole ? [queued as QueuedAlert] : [];
}

async function keep(session: DatabaseSession, box: Box, queued: QueuedAlert): Promise<boolean> {
  const count = await session.change(
    `UPDATE curfew.alert SET claimed = clock_timestamp() WHERE ${MINE}`,
    mine(box, queued),
  );
  return count > 0;
}

async function giveUp(session: DatabaseSession, box: Box, destination: string): Promise<string[]> {
  const { scope, me, now } = box;
  const rows = await session.rows<{ id: string }>(
    `SELECT id FROM curfew.alert WHERE scope = $1 AND destination = $3 AND ${FREE} ORDER BY id`,
    [scope, me, destination],
  );
  const old = rows.map(({ id }) => id).filter((id) => now().getTime() - timeOf(id) >= WEEK);
  await session.change("DELETE FROM curfew.alert WHERE scope = $1 AND id = ANY($2::text[])", [scope, old]);
  return old;
}
