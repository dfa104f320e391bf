/**
 * One host through the guard: change it over the connection at hand, confirm over a new login,
 * else see to it that the host has taken the change back, and report what is known.
 */
import { keptText } from "../../core/facts/kept-edits.ts";
import { RELOAD_SSHD } from "../../model/change/plan.ts";
import { refusePendingEdit } from "../../core/ending/daemon-current.ts";
import {
  guardAnswer,
  type GuardAnswer,
  type GuardedChange,
  changeScript,
  notesIn,
} from "../../core/plan/guard.ts";
import type { Connection } from "../../model/inventory/connection.ts";
import { CurfewError, errorData } from "../../model/terms/error.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { HostResult, Step } from "../../model/change/run.ts";
import type { RunContext } from "../run/context.ts";
import { type Settled, settle } from "./settle-guard.ts";
import { untouched } from "./untouched.ts";

/** What the change script is known to have done before it ended or was lost. */
interface Progress {
  armedAt: number | null;
  reached: Step | null;
  readonly answers: GuardAnswer[];
}

/**
 * Changes one host. `connection` is the login over which the facts were read; it is not closed here.
 * Returns a result for every way this can go once anything was begun.
 * Errors: CurfewError `remote` where sshd must not be reloaded; `unsupported` where nobody knows how.
 */
export async function changeHost(
  connection: Connection,
  facts: Facts,
  change: GuardedChange,
  context: RunContext,
): Promise<HostResult> {
  const host = connection.host.name;
  if (change.activations.includes(RELOAD_SSHD)) refusePendingEdit(facts);
  const progress: Progress = { armedAt: null, reached: null, answers: [] };
  const failure = await runChange(
    connection,
    changeScript(change, facts, context.controls),
    change,
    progress,
    context,
  );
  const changed = change.changes.map(({ path }) => path);
  if (failure === undefined) {
    const settled = await settle(connection, change, deadline(progress, change), "confirm", context);
    return withKept(confirmed(host, changed, settled), progress, settled);
  }
  // A state beside the failure: arming had begun, and the host has undone it, or tried to.
  const armed = progress.armedAt !== null || progress.answers.some(({ type }) => type === "state");
  const spoke = progress.answers.find((answer) => answer.type === "fail");
  // The script said itself that it stopped before anything was armed: nothing to settle.
  if (!armed && spoke !== undefined)
    return untouched(host, failure, "failed", spoke.tookBack ? "nothing else" : "nothing");
  const settled = await settle(connection, change, deadline(progress, change), "undo", context);
  return withKept(takenBack(host, failure, settled, armed), progress, settled);
}

/** Says what others did to the files meanwhile, and what the host put right, each once, whoever found it. */
function withKept(result: HostResult, { answers }: Progress, { kept = [], notes = [] }: Settled): HostResult {
  const found = [...answers.flatMap((one) => (one.type === "kept" ? [one.edit] : [])), ...kept];
  const texts = [...new Set([...found.map(keptText), ...notesIn(answers), ...notes])];
  if (texts.length === 0) return result;
  return { ...result, message: [result.message, ...texts].filter((part) => part !== undefined).join("; ") };
}

/** Runs the script; returns why it did not get to its end, or undefined. */
async function runChange(
  connection: Connection,
  script: string,
  change: GuardedChange,
  progress: Progress,
  context: RunContext,
): Promise<CurfewError | undefined> {
  const host = connection.host.name;
  const onLine = (line: string): void => {
    const answer = guardAnswer(change.token, line);
    if (answer === undefined) return;
    progress.answers.push(answer);
    if (answer.type !== "step") return;
    progress.reached = answer.step;
    if (answer.step === "armed") progress.armedAt = context.clock();
    context.emit({ type: "host-step", at: context.clock(), host, step: answer.step });
  };
  try {
    const output = await connection.runScript(script, {
      signal: context.aborting,
      timeoutSeconds: change.confirmWithinSeconds + 60,
      onLine,
    });
    const failed = progress.answers.find((answer) => answer.type === "fail");
    if (failed !== undefined) return describeFailure(failed, host);
    if (output.exitCode === 0 && progress.reached === "reloaded") return undefined;
    const said = output.stderr.trim().split("\n").at(-1) ?? "";
    return new CurfewError(
      "remote",
      `the change stopped after "${progress.reached ?? "the start"}": ${said}`,
      { host },
    );
  } catch (error) {
    if (error instanceof CurfewError) return error;
    throw error;
  }
}

function describeFailure(answer: Extract<GuardAnswer, { type: "fail" }>, host: string): CurfewError {
  if (answer.code !== "locked") return new CurfewError(answer.code, answer.message, { host });
  return new CurfewError("locked", `another run holds the lock of this host: ${answer.message}`, {
    host,
    hint: "wait until that run has ended; an armed change reverts by itself",
  });
}

function deadline(progress: Progress, change: GuardedChange): number | null {
  return progress.armedAt === null ? null : progress.armedAt + change.confirmWithinSeconds * 1000;
}

function confirmed(host: string, changed: readonly string[], settled: Settled): HostResult {
  if (settled.state === "confirmed") return { host, outcome: "confirmed", changed };
  const why = settled.refusal ?? new CurfewError("unreachable", "no new login succeeded in time", { host });
  return takenBack(host, why, settled, true);
}

function takenBack(host: string, failure: CurfewError, settled: Settled, armed: boolean): HostResult {
  const error = errorData(failure);
  // It was armed and the host knows nothing of it: nothing there will take the change back.
  if (settled.state === "none" && armed) {
    const lost =
      "the host knows nothing of this change any more: another run has cleared it away, or somebody removed the guard's files and the change may still be in place";
    return { host, outcome: "unknown", error, message: `${failure.message}; ${lost}` };
  }
  switch (settled.state) {
    case "reverted":
      return {
        host,
        outcome: "rolled-back",
        error,
        message: `${failure.message}; the host is as it was before`,
      };
    case "unloaded": {
      const message = `${failure.message}; the files are as they were, but sshd may not be: look at it before the last login ends`;
      return { host, outcome: "unknown", error, message };
    }
    case "none":
      return untouched(host, failure, "failed");
    default:
      return { host, outcome: "unknown", error, message: `${failure.message}; ${settled.outlook}` };
  }
}
