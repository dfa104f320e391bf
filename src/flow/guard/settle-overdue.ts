/** A change of a run that died, whose host should have taken it back by itself and has not. */
import { keptText } from "../../core/facts/kept-edits.ts";
import { unfinishedText } from "../../core/plan/left-findings.ts";
import { guardAnswer, notesIn, settleScript } from "../../core/plan/guard.ts";
import { isOverdue, pendingError, whose } from "../../core/plan/pending-guard.ts";
import type { Connection } from "../../model/inventory/connection.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { HostResult } from "../../model/change/run.ts";
import type { RunContext } from "../run/context.ts";
import { outcomeOf, untouched } from "./untouched.ts";

/** An undo tries for about a minute, and waits half a minute for another one first. */
const UNDO_SECONDS = 150;

/**
 * Reads the host and does what follows from it; where a change of a run that died is overdue or not tidied up, has the
 * host bring that to its end first, and says so in the result. Also says what others did to files meanwhile.
 * Errors: those of `read` and `act`, and CurfewError `locked` where a change is pending and not overdue, or could
 * not be taken back, `remote` where it could not be brought to its end, and those of `before`, which is called before
 * anything of others is brought to its end. Once something was taken back, a CurfewError
 * becomes a result that says so.
 */
export async function afterOverdue<T extends { readonly facts: Facts }>(
  connection: Connection,
  read: () => Promise<T>,
  act: (read: T) => Promise<HostResult>,
  context: RunContext,
  before?: (read: T) => Promise<void>,
): Promise<HostResult> {
  const first = await read();
  if (hasLeft(first.facts)) await before?.(first);
  const notes = await finishOthers(connection, first.facts, context);
  if (notes.length === 0) {
    refusePending(first.facts, connection);
    return noted(await act(first), [], first.facts);
  }
  const again = async (): Promise<HostResult> => {
    const second = await read();
    refusePending(second.facts, connection);
    refuseUnfinished(second.facts, connection);
    return noted(await act(second), [], second.facts);
  };
  const result = await again().catch((error: unknown) => {
    if (!(error instanceof CurfewError)) throw error;
    return untouched(connection.host.name, error, outcomeOf(error), "nothing else");
  });
  return noted(result, notes);
}

/** What was done is said first, what is to be merged last; what the result says of an edit is not said twice. */
function noted(result: HostResult, notes: readonly string[], facts?: Facts): HostResult {
  const said = result.message ?? "";
  const kept = (facts?.curfew.kept ?? []).map(keptText).filter((text) => !said.includes(text));
  const message = [...notes, ...(said === "" ? [] : [said]), ...kept].join("; ");
  return message === "" ? result : { ...result, message };
}

function hasLeft({ curfew }: Facts): boolean {
  return isOverdue(curfew) || (curfew.unfinished ?? []).length > 0;
}

/** In words what was brought to its end; nothing where nothing was left. */
async function finishOthers(connection: Connection, facts: Facts, context: RunContext): Promise<string[]> {
  const taken = isOverdue(facts.curfew) ? [await takeBack(connection, facts, context)] : [];
  const { unfinished = [] } = facts.curfew;
  if (unfinished.length === 0) return taken;
  await connection.runScript(settleScript(context.token(), "finish"), {
    signal: context.aborting,
    timeoutSeconds: UNDO_SECONDS,
  });
  return [...taken, ...unfinished.map((one) => `${unfinishedText(one)}: that is done now`)];
}

function refuseUnfinished({ curfew: { unfinished = [] } }: Facts, { host }: Connection): void {
  const [left] = unfinished;
  if (left === undefined) return;
  throw new CurfewError("remote", `${unfinishedText(left)}, and it cannot be brought to its end`, {
    host: host.name,
    hint: "look whether /var, or a directory that it changed files in, is full or read-only, and run again",
  });
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
  const said = notesIn(answers)
    .map((note) => `; ${note}`)
    .join("");
  if (state === "unloaded") {
    throw new CurfewError(
      "remote",
      `${change} was taken back: the files are as they were, but sshd may not be${said}`,
      {
        host,
        hint: "look at sshd on the host before the last login ends",
      },
    );
  }
  if (state === "reverted") return `${change} was taken back first${said}`;
  if (state === "confirmed" || state === "none") return `${change} was settled meanwhile`;
  throw new CurfewError("locked", `${change} could not be taken back: it is ${state}`, {
    host,
    hint: "look whether the files it changed can be written, and run again",
  });
}
