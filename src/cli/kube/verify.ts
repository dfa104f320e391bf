import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gateOf } from "../../core/kube/gate-words.ts";
import { newGateState } from "../../core/kube/gate-state.ts";
import { visible, visibleJson } from "../../core/text/visible.ts";
import { outcomeOfAll } from "../../core/verdict/outcome.ts";
import { formatDuration, type Seconds } from "../../model/duration.ts";
import { CurfewError } from "../../model/error.ts";
import type { GateState } from "../../model/kube-gate.ts";
import { findingSign, signText } from "../../report/layout/signs.ts";
import { gateDirectory, readGateState, writeGateState } from "../../store/kube/gate-store.ts";
import { readMoment } from "../../store/kube/processes.ts";
import { type ExitCode, exitCodeOfVerdict } from "../terminal/exit.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { contextNamed, directoryOf } from "./install.ts";

export interface VerifyGateOptions {
  readonly kubeconfig?: string;
  readonly kubectl: string;
  readonly scaled?: Seconds;
  readonly json?: true;
}

/** One real kubectl command or stream, and what became of it. */
interface KubeProbe {
  readonly session: "within" | "after" | "stream";
  readonly expect: "answered" | "refused" | "ended";
  readonly outcome: "pass" | "fail" | "unknown";
  readonly saw: string;
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
  const shadow = await mkdtemp(join(tmpdir(), "curfew-kube-verify-"));
  try {
    const limits = scaledLimits(state, options.scaled);
    const shared = { ...terminal.environment, XDG_STATE_HOME: shadow };
    const env = options.kubeconfig === undefined ? shared : { ...shared, KUBECONFIG: options.kubeconfig };
    const probe = {
      env,
      kubectl: options.kubectl,
      context: name,
      shortest: Math.min(limits.idle ?? Infinity, limits.max ?? Infinity),
    };
    const directory = gateDirectory(join(shadow, "curfew"));
    const begin = (): void =>
      writeGateState(directory, words.id, newGateState(state.context, limits, readMoment(Date.now())));
    terminal.err(`waiting for ${formatDuration(probe.shortest)} and a stream as long\n`);
    const used = () => readGateState(directory, words.id)?.use !== null;
    const probes = await allProbes(probe, begin, used, words.endStreams);
    await show(probes, name, options, terminal);
    return exitCodeOfVerdict(outcomeOfAll(probes));
  } finally {
    await rm(shadow, { recursive: true, force: true });
  }
}

interface ProbeSetting {
  readonly env: NodeJS.ProcessEnv;
  readonly kubectl: string;
  readonly context: string;
  readonly shortest: Seconds;
}

async function allProbes(
  setting: ProbeSetting,
  begin: () => void,
  used: () => boolean,
  ends: boolean,
): Promise<KubeProbe[]> {
  begin();
  const first = await kubectl(setting, ["get", "--raw", "/version"]);
  const within: KubeProbe = {
    session: "within",
    expect: "answered",
    outcome: first.code === 0 && used() ? "pass" : "unknown",
    saw: first.saw,
  };
  // Without a first call that works, a refusal would show nothing.
  if (within.outcome !== "pass") return [within];
  await sleep((setting.shortest + 1) * 1000);
  const second = await kubectl(setting, ["get", "--raw", "/version"]);
  const refused = second.code !== 0 && second.saw.startsWith("curfew: the session ended");
  const outcome = second.code === 0 ? "fail" : refused ? "pass" : "unknown";
  return [
    within,
    { session: "after", expect: "refused", outcome, saw: second.saw },
    await stream(setting, begin, ends),
  ];
}

/** So long over its limit a stream may still be there: it is looked at every few seconds. */
const GRACE = 10;

async function stream(setting: ProbeSetting, begin: () => void, ends: boolean): Promise<KubeProbe> {
  const head = { session: "stream", expect: "ended" } as const;
  if (!ends) return { ...head, outcome: "fail", saw: "the gate was installed without --end-streams" };
  begin();
  const started = performance.now();
  const ended = await kubectl(setting, ["get", "namespaces", "--watch"], (setting.shortest + GRACE) * 1000);
  const seconds = Math.round((performance.now() - started) / 1000);
  if (ended.signal === "SIGKILL") return { ...head, outcome: "fail", saw: `still open after ${seconds} s` };
  const early = seconds < setting.shortest - 1;
  return early
    ? { ...head, outcome: "unknown", saw: ended.saw }
    : { ...head, outcome: "pass", saw: `ended after ${seconds} s` };
}

interface Seen {
  readonly code: number;
  readonly signal: string | null;
  readonly saw: string;
}

function kubectl(
  { env, kubectl: program, context }: ProbeSetting,
  given: readonly string[],
  timeout = 60_000,
): Promise<Seen> {
  const options = { env, timeout, killSignal: "SIGKILL", maxBuffer: 64 * 1024 * 1024 } as const;
  return new Promise((done) => {
    execFile(program, ["--context", context, ...given], options, (error, _stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      const why = stderr.trim() === "" ? (error?.message ?? "answered") : stderr.trim();
      done({
        code,
        signal: error?.signal ?? null,
        saw: code === 0 ? "answered" : (why.split("\n")[0] ?? ""),
      });
    });
  });
}

/** The shorter one becomes `scaled` seconds, the other one in proportion. */
function scaledLimits(
  { idle, max }: GateState,
  scaled: Seconds | undefined,
): Pick<GateState, "idle" | "max"> {
  if (scaled === undefined) return { idle, max };
  const shortest = Math.min(idle ?? Infinity, max ?? Infinity);
  const scale = (limit: Seconds | null) => (limit === null ? null : (limit / shortest) * scaled);
  return { idle: scale(idle), max: scale(max) };
}

async function show(
  probes: readonly KubeProbe[],
  context: string,
  { json, scaled }: VerifyGateOptions,
  terminal: Terminal,
): Promise<void> {
  if (json === true) {
    const summary = { context, verdict: outcomeOfAll(probes), scaled: scaled ?? null };
    return terminal.out([
      visibleJson(`${JSON.stringify({ schema: "curfew/kube-verify/1", summary, probes })}\n`),
    ]);
  }
  const lines = probes.map(({ session, expect, outcome, saw }) => {
    const sign = signText(findingSign({ outcome, evidence: "demonstrated" }), terminal.outPaint);
    return `${sign} ${session.padEnd(7)} has to be ${expect.padEnd(9)} ${visible(saw)}`;
  });
  return terminal.say(
    `${lines.join("\n")}\nThe gate's state belongs to its user, who can evade it: curfew help kubernetes\n`,
  );
}
