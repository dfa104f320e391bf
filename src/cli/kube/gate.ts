import { spawn, spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { gateWords } from "../../core/kube/gate/words.ts";
import { afterUse, type Asking, decideGate, elapsed } from "../../core/kube/gate/decision.ts";
import { cappedCredential } from "../../core/kube/gate/exec-credential.ts";
import type { GateState } from "../../model/access/kube-gate.ts";
import { stateDirectory } from "../../store/file/xdg.ts";
import { withGateLock } from "../../store/kube/gate-lock.ts";
import { gateDirectory, readGateState, writeGateState } from "../../store/kube/gate-store.ts";
import { isAlive, readCaller, readInputAge, readMoment, terminalPath } from "../../store/kube/processes.ts";
import { templateFile } from "../../template/template-file.ts";

/** What the gate comes to: kubectl shows `err` as it is and takes `out` as the credential. */
export interface GateResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A plugin prints a token or two certificates. */
const LARGEST_ANSWER = 16 * 1024 * 1024;

/**
 * The exec plugin before an exec plugin: asks the state whether the session still lasts, then the plugin, and hands its
 * credential on for no longer than the session. Whatever cannot be read or written ends the session; nothing extends it.
 */
export function runGate(given: readonly string[], environment: NodeJS.ProcessEnv): GateResult {
  const words = gateWords("curfew", ["kube", "gate", ...given]);
  const [command, ...args] = given.slice((words?.own ?? 2) - 2);
  if (words === undefined || command === undefined) {
    return refusal("usage: curfew kube gate [--end-streams] --session ID -- PLUGIN [ARGUMENT...]", 64);
  }
  const directory = gateDirectory(stateDirectory(environment, environment["HOME"] ?? homedir()));
  // Before the clock: a use by another process meanwhile would lie in the future, which counts as long ago.
  const state = readGateState(directory, words.id);
  const asking = askingNow(environment);
  if (asking === undefined) return refusal("the process that asks is gone");
  const first = decideGate(state, asking);
  if (!first.allowed) return refusal(`${first.reason}; ${loginAdvice(state)}`);
  const { CURFEW_RUN_UNDER: _, ...env } = environment;
  const inner = spawnSync(command, args, {
    env,
    stdio: ["inherit", "pipe", "inherit"],
    encoding: "utf8",
    maxBuffer: LARGEST_ANSWER,
  });
  if (inner.error !== undefined) return refusal(`cannot run ${command}: ${inner.error.message}`);
  if (inner.status !== 0) return { code: inner.status ?? 1, out: "", err: "" };
  return handOn(inner.stdout, command, asking, { directory, ...words });
}

function handOn(
  answer: string,
  command: string,
  asking: WithTerminal,
  { directory, id, endStreams }: { directory: string; id: string; endStreams: boolean },
): GateResult {
  try {
    return withGateLock(directory, id, () => {
      const state = readGateState(directory, id);
      // The plugin may have waited for a person: what has passed meanwhile counts, and so does what others did.
      const later = { ...asking, now: readMoment(Date.now()) };
      const decision = decideGate(state, later);
      if (!decision.allowed || state === null) {
        return refusal(`${decision.allowed ? "" : decision.reason}; ${loginAdvice(state)}`);
      }
      const until = new Date((later.now.wall + decision.left) * 1000).toISOString().replace(/\.\d+/u, "");
      const out = cappedCredential(answer, until);
      if (out === undefined) return refusal(`${command} did not answer with an ExecCredential`);
      const next = afterUse(state, later, isAlive);
      if (next !== state) writeGateState(directory, id, next);
      if (endStreams && decision.isNew) watchStream(state, later);
      return { code: 0, out, err: "" };
    });
  } catch (error) {
    return refusal(`the state of the session cannot be kept: ${error instanceof Error ? error.message : ""}`);
  }
}

interface WithTerminal extends Asking {
  readonly terminal: number;
}

function askingNow(environment: NodeJS.ProcessEnv): WithTerminal | undefined {
  const found = readCaller(process.ppid, environment["CURFEW_RUN_UNDER"]);
  if (found === undefined) return undefined;
  const now = readMoment(Date.now());
  const { pid, start, terminal } = found;
  return { now, caller: { pid, start }, inputAge: readInputAge(terminal, now.wall), terminal };
}

/** Ends the kubectl that asks once its session has ended: a stream is never asked for its credential again. */
function watchStream({ login, max, idle }: GateState, { now, caller, terminal }: WithTerminal): void {
  const end =
    max === null || login === null ? "" : String(Math.floor(now.uptime + max - elapsed(login, now)));
  const tty = terminalPath(terminal) ?? "";
  const numbers = [caller.pid, caller.start, end, idle ?? "", tty].map(String);
  const options = { detached: true, stdio: "ignore", cwd: "/" } as const;
  spawn("sh", [templateFile("kube/end-stream.sh"), ...numbers], options).unref();
}

function loginAdvice(state: GateState | null): string {
  return state === null
    ? "log in with: curfew kube login"
    : `log in with: curfew kube login ${state.context}`;
}

/** One line: kubectl may run the plugin twice, and shows what it says each time. */
function refusal(reason: string, code = 1): GateResult {
  return { code, out: "", err: `curfew: ${reason.replaceAll(/\p{Cc}+/gu, " ")}\n` };
}
