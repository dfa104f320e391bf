/** How an audit learns from its schedule under which turn it runs. */
import type { TurnToken } from "../../model/record/schedule.ts";

const VARIABLE = "CURFEW_TURN";

/** The environment of an audit that runs under this turn. */
export function withTurn(environment: NodeJS.ProcessEnv, token: TurnToken | undefined): NodeJS.ProcessEnv {
  return { ...environment, [VARIABLE]: token && `${token.schedule}.${token.turn}` };
}

/** Undefined for an audit that no schedule of many machines has started. */
export function turnOf(environment: NodeJS.ProcessEnv): TurnToken | undefined {
  const [, schedule, turn] = /^(\d{1,9})\.(\d{1,9})$/u.exec(environment[VARIABLE] ?? "") ?? [];
  return schedule === undefined ? undefined : { schedule: Number(schedule), turn: Number(turn) };
}
