/** Where audits are remembered: one opener for every store. */
import type { History } from "../model/record/history.ts";
import type { TurnToken } from "../model/record/schedule.ts";
import type { PostgresSettings } from "./postgres/settings.ts";
import type { Patience } from "./postgres/session.ts";

/** A directory of this machine, or a database for many. */
export type HistoryPlace =
  | { readonly state: string }
  | { readonly postgres: PostgresSettings; readonly patience?: Patience };

export type OpenOptions = HistoryPlace & {
  readonly now: () => Date;
  /** Nothing is made, brought up to date or written. */
  readonly readOnly?: boolean;
  /** In a database: nothing is written once another machine has taken over that schedule. */
  readonly turn?: TurnToken | undefined;
};

/**
 * Opens the history at a place, and makes it where there is none. What is loaded for one store, users of the other one
 * do not pay for. Errors: CurfewError `input`, in the words of that store.
 */
export async function openHistory(place: OpenOptions): Promise<History> {
  if ("state" in place) {
    const { openSqliteHistory } = await import("./history/history.ts");
    return openSqliteHistory(place);
  }
  const { openPostgresHistory } = await import("./postgres-history/history.ts");
  return openPostgresHistory(place);
}
