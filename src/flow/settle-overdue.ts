/** A change of a run that died, whose host should have taken it back by itself and has not. */
import { guardAnswer, settleScript } from "../core/guard.ts";
import { isOverdue, pendingError, whose } from "../core/pending-guard.ts";
import type { Connection } from "../model/connection.ts";
import { CurfewError } from "../model/error.ts";
import type { Facts } from "../model/facts.ts";
import type { RunContext } from "./context.ts";

/** An undo tries for about a minute, and waits half a minute for another one first. */
const UNDO_SECONDS = 150;

/** What was read once nothing was pending any more, and what was taken back to get there. */
export interface AfterOverdue<T> {
  readonly read: T;
  /** For people; undefined where nothing was overdue. */
  readonly note: string | undefined;
}

/**
 * Reads the host; where a change is overdue, has the host take it back and reads again.
 * Errors: those of `read`; CurfewError `locked` where a change is pending and not overdue, or could
 * not be taken back.
 */
export async function afterOverdue<T extends { readonly facts: Facts }>(
  connection: Connection,
  read: () => Promise<T>,
  context: RunContext,
): Promise<AfterOverdue<T>> {
  const first = await read();
  const { curfew } = first.facts;
  if (!isOverdue(curfew)) {
    refusePending(first.facts, connection);
    return { read: first, note: undefined };
  }
  const note = await takeBack(connection, first.facts, context);
  const second = await read();
  refusePending(second.facts, connection);
  return { read: second, note };
}

function refusePending({ curfew }: Facts, { host }: Connection): void {
  const error = pendingError(curfew, host.name);
  if (error !== undefined) throw error;
}

async function takeBack(connection: Connection, { curfew }: Facts, context: RunContext): Promise<string> {
  const host = connection.host.name;
  const { armed: token } = curfew;
  context.emit({ type: "host-step", at: context.clock(), host, step: "reverting" });
  const { stdout } = await connection.runScript(settleScript(token, "undo"), {
    signal: context.aborting,
    timeoutSeconds: UNDO_SECONDS,
  });
  const answers = stdout
    .toString("utf8")
    .split("\n")
    .map((line) => guardAnswer(token, line));
  const answer = answers.find((one) => one?.type === "state");
  const state = answer?.type === "state" ? answer.state : "unknown";
  const change = `a change that was never confirmed (${whose(curfew)})`;
  if (state === "reverted") return `${change} was taken back first`;
  if (state === "confirmed" || state === "none") return `${change} was settled meanwhile`;
  throw new CurfewError("locked", `${change} could not be taken back: it is ${state}`, {
    host,
    hint: "look whether the files it changed can be written, and run again",
  });
}
