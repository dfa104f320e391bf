/** Where alerts wait: on this machine, or in the database where the store is one. */
import type { Outbox } from "../../model/record/alert.ts";
import type { TurnToken } from "../../model/record/schedule.ts";
import type { HistoryPlace } from "../../store/open-history.ts";

interface OutboxQuestion {
  readonly place: HistoryPlace;
  /** curfew's state directory. */
  readonly state: string;
  readonly now: () => Date;
  /** Under which turn, where a schedule of many machines tells. */
  readonly token: TurnToken | undefined;
  /** Whose alerts they are where none does. */
  readonly source: string;
}

/** Errors: those of node:fs and of the database. */
export async function openOutboxAt({ place, state, now, token, source }: OutboxQuestion): Promise<Outbox> {
  if ("state" in place) {
    const { openOutbox } = await import("../../store/schedule/outbox.ts");
    return openOutbox(state, now);
  }
  const { openSharedOutbox } = await import("../../store/schedule/shared-outbox.ts");
  const scope = token === undefined ? source : `schedule ${token.schedule}`;
  return openSharedOutbox({ ...place, scope, now, turn: token });
}
