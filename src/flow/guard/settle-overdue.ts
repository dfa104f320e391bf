/** A change of a run that died, whose host should have taken it back by itself and has not. */
import { guardAnswer, settleScript } from "../../core/plan/guard.ts";
import { isOverdue, pendingError, whose } from "../../core/plan/pending-guard.ts";
import type { Connection } from "../../model/connection.ts";
import { CurfewError } from "../../model/error.ts";
import type { Facts } from "../../model/facts.ts";
import type { HostResult } from "../../model/run.ts";
import type { RunContext } from "../run/context.ts";
import { outcomeOf, untouched } from "./untouched.ts";

/** An undo tries for about a minute, and waits half a minute for another one first. */
const UNDO_SECONDS = 150;

/**
 * Reads the host and does what follows from it; where a change is overdue, has the host take it back first, and
 * says so in the result.
 * Errors: those of `read` and `act`, and CurfewError `locked` where a change is pending and not overdue, or could
 * not be taken back. Once something was taken back, a CurfewError becomes a result that says so.
 */
export async function afterOverdue<T extends { readonly facts: Facts }>(
  connection: Connection,
  read: () => Promise<T>,
  act: (read: T) => Promise<HostResult>,
  context: RunContext,
): Promise<HostResult> {
  const first = await read();
  if (!isOverdue(first.facts.curfew)) {
    refusePending(first.facts, connection);
    return act(first);
  }
  const note = await takeBack(connection, first.facts, context);
  const again = async (): Promise<HostResult> => {
    const second = await read();
    refusePending(second.facts, connection);
    return act(second);
  };
  const result = await again().catch((error: unknown) => {
    if (!(error instanceof CurfewError)) throw error;
    return untouched(connection.host.name, error, outcomeOf(error), "nothing else");
  });
  return { ...result, message: [note, result.message].filter((part) => part !== undefined).join("; ") };
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
  if (state === "unloaded") {
    throw new CurfewError("remote", `${change} was taken back, but sshd did not read its files again`, {
      host,
      hint: "look at sshd on the host before the last login ends",
    });
  }
  if (state === "reverted") return `${change} was taken back first`;
  if (state === "confirmed" || state === "none") return `${change} was settled meanwhile`;
  throw new CurfewError("locked", `${change} could not be taken back: it is ${state}`, {
    host,
    hint: "look whether the files it changed can be written, and run again",
  });
}
