/** A schedule that many machines share: what is written under a turn counts until another machine takes over. */
import type { TurnToken } from "../../model/record/schedule.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { DatabaseSession } from "../postgres/session.ts";

/**
 * Within a transaction: no other machine takes over before its end. Errors: CurfewError `locked` where one has already; then
 * nothing of that transaction is to be stored.
 */
export async function proveTurn(session: DatabaseSession, { schedule, turn }: TurnToken): Promise<void> {
  type Row = { readonly turn: number; readonly held: boolean; readonly owner: string };
  const [row] = await session.rows<Row>(
    "SELECT turn, holder IS NOT NULL AS held, owner FROM curfew.schedule WHERE id = $1 FOR SHARE",
    [schedule],
  );
  if (row?.turn === turn && row.held) return;
  const whose = row === undefined || row.turn === turn ? "another machine" : row.owner;
  throw new CurfewError(
    "locked",
    `${whose} has taken over this schedule, as the database did not hear from this machine; nothing more of this audit counts`,
    { hint: "see the audit of the other one: curfew history" },
  );
}
