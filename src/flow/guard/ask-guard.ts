/** One question to the guard of a host, over a login at hand or a new one. */
import { type GuardState, guardAnswer, notesIn, settleScript } from "../../core/plan/guard.ts";
import type { Connection } from "../../model/inventory/connection.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { KeptEdit } from "../../model/facts/curfew-state.ts";
import type { RunContext } from "../run/context.ts";

/** One full new login as the same user, with privileges, and one settle script over it. */
export async function askGuard(
  first: Connection,
  token: string,
  action: Parameters<typeof settleScript>[1],
  end: number,
  context: RunContext,
): Promise<GuardReply> {
  const left = Math.max((end - context.clock()) / 1000, 1);
  const timeoutSeconds = Math.min(context.connectTimeoutSeconds, left);
  const connection = await context.connect(first.host, {
    signal: context.aborting,
    timeoutSeconds,
    proof: true,
  });
  try {
    return await runSettle(connection, token, action, Math.max(left, 20), context);
  } finally {
    connection.close();
  }
}

/** Where a guard stands, what others did to the files meanwhile, and what the host put right. */
export interface GuardReply {
  readonly state: GuardState;
  readonly kept: readonly KeptEdit[];
  readonly notes: readonly string[];
}

/** One settle script over a login that is there. Errors: as `runScript`, and `remote` where the host did not answer it. */
export async function runSettle(
  connection: Connection,
  token: string,
  action: Parameters<typeof settleScript>[1],
  timeoutSeconds: number,
  context: RunContext,
): Promise<GuardReply> {
  const output = await connection.runScript(settleScript(token, action), {
    signal: context.aborting,
    timeoutSeconds,
    // The login ends with the answer: there is no need to wait for the channel's own end.
    keepShell: true,
  });
  const answers = output.stdout
    .toString("utf8")
    .split("\n")
    .map((line) => guardAnswer(token, line));
  const state = answers.find((answer) => answer?.type === "state");
  if (state?.type === "state") {
    await forget(connection, token, state.state, context);
    const kept = answers.flatMap((one) => (one?.type === "kept" ? [one.edit] : []));
    return { state: state.state, kept, notes: notesIn(answers) };
  }
  const { name: host } = connection.host;
  throw new CurfewError("remote", `the guard did not answer: ${output.stderr.trim().slice(0, 200)}`, {
    host,
  });
}

/** How a change was taken back stays on the host until it was heard here. */
async function forget(
  connection: Connection,
  token: string,
  state: GuardState,
  { aborting: signal }: RunContext,
): Promise<void> {
  if (state !== "reverted" && state !== "unloaded") return;
  await connection
    .runScript(settleScript(token, "forget"), { signal, timeoutSeconds: 10 })
    // A boot clears it away as well.
    .catch(asCurfewError);
}

/** Anything else is a defect and thrown again. */
export function asCurfewError(error: unknown): CurfewError {
  if (error instanceof CurfewError) return error;
  throw error;
}
