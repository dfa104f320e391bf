/** Steps 5 and 6 of the guard: confirm over a new login, or make sure the change is taken back. */
import type { GuardState } from "../../core/plan/guard.ts";
import type { Connection } from "../../model/inventory/connection.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { KeptEdit } from "../../model/facts/curfew-state.ts";
import type { RunContext } from "../run/context.ts";
import { type GuardReply, asCurfewError, askGuard, runSettle } from "./ask-guard.ts";

/** How it ended. `outlook` says what the host will do next where the state is not final. */
export interface Settled {
  readonly state: GuardState | "unknown";
  readonly refusal?: CurfewError;
  readonly outlook: string;
  /** What others did to the files meanwhile, found when the change was taken back or tidied up. */
  readonly kept?: readonly KeptEdit[];
  /** What the host put right on the way, and why its sshd did not take the files up. */
  readonly notes?: readonly string[];
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
  if (context.aborting.aborted) return outlook(end, wish, context);
  let refusal: CurfewError | undefined;
  if (wish === "confirm") {
    step(first, "confirming", context);
    const attempt = await confirmUntil(first, armed, end, context);
    if (FINAL.has(attempt.state)) return report(first, attempt, context);
    // Not final: the guard's time ran out just now, or the host could not write the confirmation.
    refusal = attempt.state === "unknown" ? attempt.refusal : notTaken(first, attempt.state);
  }
  if (context.aborting.aborted) return outlook(end, wish, context);
  step(first, "reverting", context);
  const undone = await takeBack(first, armed, end, wish, context);
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
      const { state, kept, notes } = await askGuard(first, armed.token, "confirm", end, context);
      // A confirmed revert leaves no trace: an earlier attempt got through, its answer was lost.
      if (armed.leaving && state === "none") return { state: "confirmed", outlook: "" };
      return {
        state,
        outlook: "",
        kept,
        notes,
        ...(state === "reverted" ? { refusal: cameBack(first, kept) } : {}),
      };
    } catch (error) {
      refusal = asCurfewError(error);
      if (!["unreachable", "timeout"].includes(refusal.code)) break;
      await context.pause(Math.min(pause, Math.max(end - context.clock(), 0)), context.aborting);
    }
  }
  return { state: "unknown", outlook: "", ...(refusal === undefined ? {} : { refusal }) };
}

/** Why a host took its change back though a new login worked. */
function cameBack({ host }: Connection, kept: readonly KeptEdit[]): CurfewError {
  const late = kept.find(({ kind }) => kind === "late");
  if (late === undefined) {
    return new CurfewError("timeout", "the confirmation came after the deadline", { host: host.name });
  }
  return new CurfewError(
    "stale-plan",
    `${late.path} was changed by somebody while this change was under way`,
    {
      host: host.name,
    },
  );
}

/** Undo over the old login if it lives; otherwise wait for the host to undo itself, and look. */
async function takeBack(
  first: Connection,
  armed: Armed,
  end: number,
  wish: "confirm" | "undo",
  context: RunContext,
): Promise<Settled> {
  try {
    return undoing(await runSettle(first, armed.token, "undo", 15, context));
  } catch (error) {
    asCurfewError(error);
  }
  const last = end + GRACE_SECONDS * 1000;
  // A host that was never armed can be asked at once; an armed one is left alone until its time.
  for (let pause = 1000; context.clock() < last; pause = Math.min(pause * 2, 5000)) {
    try {
      return undoing(await askGuard(first, armed.token, "undo", last, context));
    } catch (error) {
      const { code } = asCurfewError(error);
      if (context.aborting.aborted) return outlook(end, wish, context);
      const patience = ["unreachable", "timeout"].includes(code)
        ? pause
        : Math.max(end - context.clock(), 0) + 2000;
      await context.pause(Math.min(patience, Math.max(last - context.clock(), 0)), context.aborting);
    }
  }
  return outlook(end, wish, context);
}

function undoing({ state, kept, notes }: GuardReply): Settled {
  return {
    state,
    kept,
    notes,
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

/** A confirmation may have come through though its answer did not. */
function outlook(end: number, wish: "confirm" | "undo", context: RunContext): Settled {
  const seconds = Math.ceil((end - context.clock()) / 1000);
  const unless = wish === "confirm" ? ", unless the confirmation came through" : "";
  return {
    state: "unknown",
    outlook:
      seconds > 0
        ? `it reverts by itself within ${seconds} s${unless}`
        : `by now it should have reverted by itself${unless}`,
  };
}

function step(
  connection: Connection,
  name: "confirming" | "confirmed" | "reverting",
  context: RunContext,
): void {
  context.emit({ type: "host-step", at: context.clock(), host: connection.host.name, step: name });
}
