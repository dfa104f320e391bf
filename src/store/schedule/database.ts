/** The tables of schedules and alerts in PostgreSQL, which stand beside those of the history. */
import type { TurnToken } from "../../model/record/schedule.ts";
import { prepareTables } from "../postgres-history/open.ts";
import { proveTurn } from "../postgres-history/turn.ts";
import { overNewSession } from "../postgres/again.ts";
import { type DatabaseSession, type Patience, PATIENCE } from "../postgres/session.ts";
import type { PostgresSettings } from "../postgres/settings.ts";
import { createLine, type QueueLine } from "../queue/line.ts";

export interface SharedPlace {
  readonly postgres: PostgresSettings;
  readonly patience?: Patience;
}

/** Errors: CurfewError `input` for whatever the network, the server and the history refuse. */
export function openScheduleLine({ postgres, patience = PATIENCE }: SharedPlace): Promise<QueueLine> {
  return overNewSession(postgres, patience, async (session) => {
    await prepareTables(session, postgres);
    return createLine(session, postgres, patience);
  });
}

/** All or nothing, and nothing where another machine has taken over. Errors: those of `QueueLine`, and `locked`. */
export function underTurn<T>(
  line: QueueLine,
  token: TurnToken | undefined,
  work: (session: DatabaseSession) => Promise<T>,
): Promise<T> {
  return line.transaction(async (session) => {
    if (token !== undefined) await proveTurn(session, token);
    return work(session);
  });
}
