import { execFile } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type GateProbe,
  type KubectlEnd,
  scaledGateLimits,
  shortestLimit,
} from "../../core/kube/gate/proof.ts";
import { gateOf } from "../../core/kube/gate/words.ts";
import { newGateState } from "../../core/kube/gate/state.ts";
import { visible, visibleJson } from "../../core/text/visible.ts";
import { outcomeOfAll } from "../../core/verdict/outcome.ts";
import { proveGate } from "../../flow/kube/verify.ts";
import { TIME } from "../../host/time.ts";
import { formatDuration, type Seconds } from "../../model/terms/duration.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { gateProofText } from "../../report/kube/verify-text.ts";
import { gateDirectory, readGateState, writeGateState } from "../../store/kube/gate-store.ts";
import { readMoment } from "../../store/kube/processes.ts";
import { type ExitCode, exitCodeOfVerdict } from "../terminal/exit.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { contextNamed, directoryOf } from "./sources.ts";

export interface VerifyGateOptions {
  readonly kubeconfig?: string;
  readonly kubectl: string;
  readonly scaled?: Seconds;
  readonly json?: true;
}

/**
 * Runs kubectl against the cluster of a context: within the limit, after it, and a stream over it. The gate keeps a state
 * of its own meanwhile, so the session of the person is as it was.
 */
export async function verifyGate(
  name: string,
  options: VerifyGateOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { user, context } = await contextNamed(name, options.kubeconfig, terminal);
  const words = gateOf(user);
  const state = words === undefined ? null : readGateState(directoryOf(terminal), words.id);
  if (words === undefined || state === null) {
    throw new CurfewError("usage", `no gate with a state stands before user ${visible(context.user)}`, {
      hint: `curfew kube install ${visible(name)}, then curfew kube login ${visible(name)}`,
    });
  }
  const limits = scaledGateLimits(state, options.scaled);
  const limit = shortestLimit(limits);
  const shadow = await mkdtemp(join(tmpdir(), "curfew-kube-verify-"));
  try {
    const directory = gateDirectory(join(shadow, "curfew"));
    terminal.err(`waiting for ${formatDuration(limit)} and a stream as long\n`);
    const ended = join(shadow, "ended");
    const probes = await proveGate({
      ...TIME,
      limit,
      endStreams: words.endStreams,
      kubectl: kubectlOf(name, options, {
        ...terminal.environment,
        XDG_STATE_HOME: shadow,
        CURFEW_ENDED: ended,
      }),
      begin: () => {
        rmSync(ended, { force: true });
        writeGateState(directory, words.id, newGateState(state.context, limits, readMoment(Date.now())));
      },
      used: () => readGateState(directory, words.id)?.use !== null,
      endedStream: () => existsSync(ended),
      signal: new AbortController().signal,
    });
    await show(probes, name, options, terminal);
    return exitCodeOfVerdict(outcomeOfAll(probes));
  } finally {
    await rm(shadow, { recursive: true, force: true });
  }
}

function kubectlOf(
  context: string,
  { kubeconfig, kubectl }: VerifyGateOptions,
  environment: NodeJS.ProcessEnv,
): (args: readonly string[], timeout: number) => Promise<KubectlEnd> {
  const env = kubeconfig === undefined ? environment : { ...environment, KUBECONFIG: kubeconfig };
  return (args, timeout) => {
    const options = { env, timeout, killSignal: "SIGKILL", maxBuffer: 64 * 1024 * 1024 } as const;
    return new Promise((done) => {
      execFile(kubectl, ["--context", context, ...args], options, (error, _stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : null;
        const signal = error?.signal ?? null;
        const first = stderr.trim().split("\n")[0] ?? "";
        // What could not be run at all has neither a status nor a signal.
        const cannot = code === null && signal === null ? (error?.message ?? "") : "";
        done({ code, signal, said: first === "" ? cannot : first });
      });
    });
  };
}

async function show(
  probes: readonly GateProbe[],
  context: string,
  { json, scaled }: VerifyGateOptions,
  terminal: Terminal,
): Promise<void> {
  if (json !== true) return terminal.say(gateProofText(probes, terminal.outPaint));
  const summary = { context, verdict: outcomeOfAll(probes), scaled: scaled ?? null };
  return terminal.out([
    visibleJson(`${JSON.stringify({ schema: "curfew/kube-verify/1", summary, probes })}\n`),
  ]);
}
