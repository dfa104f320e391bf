/** Steps 5 and 6 of the guard: confirm over a new login, or make sure the change is taken back. */
import { type GuardState, guardAnswer, settleScript } from "../../core/plan/guard.ts";
import type { Connection } from "../../model/connection.ts";
import { CurfewError } from "../../model/error.ts";
import type { RunContext } from "../run/context.ts";

/** How it ended. `outlook` says what the host will do next where the state is not final. */
export interface Settled {
  readonly state: GuardState | "unknown";
  readonly refusal?: CurfewError;
  readonly outlook: string;
}

/** The part of a change that settling needs. */
interface Armed {
  readonly token: string;
  readonly leaving: boolean;
  readonly confirmWithinSeconds: number;
}

const FINAL: ReadonlySet<Settled["state"]> = new Set(["confirmed", "reverted", "unloaded", "none"]);

/** Seconds after the deadline in which a host that undid itself should answer again. */
const GRACE_SECONDS = 30;

/**
 * `confirm`: full new logins until one confirms or the deadline has passed; a login that is refused
 * is never tried again (OpenSSH >= 9.8 penalises an address for that), the change is undone instead.
 * `undo`: takes the change back over whichever login works. `deadline` is in milliseconds of
 * `context.clock`, null when it is not known whether the guard was armed.
 */
export async function settle(
  first: Connection,
  armed: Armed,
  deadline: number | null,
  wish: "confirm" | "undo",
  context: RunContext,
): Promise<Settled> {
  const end = deadline ?? context.clock() + armed.confirmWithinSeconds * 1000;
  if (context.aborting.aborted) return outlook(end, context);
  let refusal: CurfewError | undefined;
  if (wish === "confirm") {
    step(first, "confirming", context);
    const attempt = await confirmUntil(first, armed, end, context);
    if (FINAL.has(attempt.state)) return report(first, attempt, context);
    // Not final: the guard's time ran out just now, or the host could not write the confirmation.
    refusal = attempt.state === "unknown" ? attempt.refusal : notTaken(first, attempt.state);
  }
  if (context.aborting.aborted) return outlook(end, context);
  step(first, "reverting", context);
  const undone = await takeBack(first, armed, end, context);
  return refusal === undefined ? undone : { ...undone, refusal };
}

function notTaken({ host }: Connection, state: Settled["state"]): CurfewError {
  const why = state === "reverting" ? "it was already undoing the change" : "it could not write it down";
  return new CurfewError("remote", `the host did not take the confirmation: ${why}`, { host: host.name });
}

/** New logins, a pause between them, until the deadline; stops at once where waiting cannot help. */
async function confirmUntil(
  first: Connection,
  armed: Armed,
  end: number,
  context: RunContext,
): Promise<Settled> {
  let refusal: CurfewError | undefined;
  for (let pause = 500; context.clock() < end; pause = Math.min(pause * 2, 5000)) {
    try {
      const state = await ask(
        first,
        armed.token,
        armed.leaving ? "confirm-and-leave" : "confirm",
        end,
        context,
      );
      // A confirmed revert leaves no trace: an earlier attempt got through, its answer was lost.
      return { state: armed.leaving && state === "none" ? "confirmed" : state, outlook: "" };
    } catch (error) {
      refusal = asCurfewError(error);
      if (!["unreachable", "timeout"].includes(refusal.code)) break;
      await wait(Math.min(pause, Math.max(end - context.clock(), 0)), context.aborting);
    }
  }
  return { state: "unknown", outlook: "", ...(refusal === undefined ? {} : { refusal }) };
}

/** Undo over the old login if it lives; otherwise wait for the host to undo itself, and look. */
async function takeBack(first: Connection, armed: Armed, end: number, context: RunContext): Promise<Settled> {
  try {
    return undoing(await runSettle(first, armed.token, "undo", 15, context));
  } catch (error) {
    asCurfewError(error);
  }
  const last = end + GRACE_SECONDS * 1000;
  // A host that was never armed can be asked at once; an armed one is left alone until its time.
  for (let pause = 1000; context.clock() < last; pause = Math.min(pause * 2, 5000)) {
    try {
      return undoing(await ask(first, armed.token, "undo", last, context));
    } catch (error) {
      const { code } = asCurfewError(error);
      if (context.aborting.aborted) return outlook(end, context);
      const patience = ["unreachable", "timeout"].includes(code)
        ? pause
        : Math.max(end - context.clock(), 0) + 2000;
      await wait(Math.min(patience, Math.max(last - context.clock(), 0)), context.aborting);
    }
  }
  return outlook(end, context);
}

/** One full new login as the same user, with privileges, and one settle script over it. */
async function ask(
  first: Connection,
  token: string,
  action: Parameters<typeof settleScript>[1],
  end: number,
  context: RunContext,
): Promise<GuardState> {
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

async function runSettle(
  connection: Connection,
  token: string,
  action: Parameters<typeof settleScript>[1],
  timeoutSeconds: number,
  context: RunContext,
): Promise<GuardState> {
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
  if (state?.type === "state") return state.state;
  const { name: host } = connection.host;
  throw new CurfewError("remote", `the guard did not answer: ${output.stderr.trim().slice(0, 200)}`, {
    host,
  });
}

function undoing(state: GuardState): Settled {
  return {
    state,
    outlook:
      state === "armed"
        ? "it cannot write down that it undoes the change (is /var read-only?) and goes on trying"
        : "it is still undoing the change",
  };
}

function report(first: Connection, settled: Settled, context: RunContext): Settled {
  if (settled.state === "confirmed") step(first, "confirmed", context);
  return settled;
}

function outlook(end: number, context: RunContext): Settled {
  const seconds = Math.ceil((end - context.clock()) / 1000);
  return {
    state: "unknown",
    outlook:
      seconds > 0
        ? `it reverts by itself within ${seconds} s unless it was confirmed`
        : "by now it should have reverted by itself",
  };
}

function step(
  connection: Connection,
  name: "confirming" | "confirmed" | "reverting",
  context: RunContext,
): void {
  context.emit({ type: "host-step", at: context.clock(), host: connection.host.name, step: name });
}

function asCurfewError(error: unknown): CurfewError {
  if (error instanceof CurfewError) return error;
  throw error;
}

async function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
  });
}
