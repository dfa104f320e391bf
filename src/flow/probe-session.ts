/** One probe from its login to its verdict. */
import type { Expectations } from "../core/expectations.ts";
import { judgeProbe, latest, type Observation } from "../core/judge-probe.ts";
import type { PlannedProbe } from "../core/probe-plan.ts";
import { visible } from "../core/visible.ts";
import type { Connection, TerminalSession } from "../model/connection.ts";
import { CurfewError } from "../model/error.ts";
import type { ProbeResult } from "../model/run.ts";
import { PROBE_KINDS, type OpenProbe } from "./probe-kinds.ts";
import type { Way } from "./probe-ways.ts";
import type { HostWatch } from "./probe-watch.ts";
import { over } from "./probe-wait.ts";
import type { TimedEvent } from "./shadow.ts";

/** What a probe needs from its host's run. */
export interface ProbeBench extends Expectations {
  readonly watch: HostWatch;
  /** Does the work when it is this probe's turn: logins are paced. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  readonly way: Way;
  readonly events: (() => readonly TimedEvent[]) | undefined;
  readonly signal: AbortSignal;
  readonly scaled: number | undefined;
  /** Called when the wait begins. */
  readonly began: () => void;
}

/** A prompt counts as quiet after this long without output. */
const QUIET_MS = 1000;
/** Seconds until there must be a quiet prompt. */
const SETTLE_SECONDS = 25;
const CLIENT_SAW = 2000;

/** Opens the session, waits, and judges. Never rejects: what went wrong is an `unknown` with its reason. */
export async function runProbe(planned: PlannedProbe, bench: ProbeBench): Promise<ProbeResult> {
  const opened: { connection?: Connection; terminal?: TerminalSession; quietAt?: number } = {};
  let observation: Observation;
  try {
    const open = await bench.inTurn(() => openProbe(planned, bench, opened));
    opened.quietAt = open.transcriptLength;
    bench.began();
    observation = await PROBE_KINDS[planned.session](open);
  } catch (error) {
    observation = { type: "unmeasured", reason: reasonOf(error, bench) };
  } finally {
    opened.connection?.close();
  }
  return asResult(
    planned,
    bench,
    observation,
    opened.terminal?.transcript().slice(opened.quietAt ?? 0) ?? "",
  );
}

/** A result without a session: the reason says why it was not opened. */
export function notProbed(planned: PlannedProbe, scaled: number | undefined, reason: string): ProbeResult {
  const { session, role, user, via, expect, within } = planned;
  return {
    session,
    role,
    user,
    via,
    ...(scaled === undefined ? {} : { scaled }),
    expect,
    withinSeconds: within,
    droppedAfterSeconds: null,
    by: "none",
    outcome: "unknown",
    clientSaw: "",
    reason,
  };
}

async function openProbe(
  planned: PlannedProbe,
  bench: ProbeBench,
  opened: { connection?: Connection; terminal?: TerminalSession },
): Promise<OpenProbe> {
  const { signal, watch, events } = bench;
  if (signal.aborted) throw signal.reason;
  const connection = await bench.way.logIn();
  opened.connection = connection;
  const terminal = await connection.openTerminal(signal);
  opened.terminal = terminal;
  await settle(terminal, planned, signal);
  const located = await bench.way.locate();
  return {
    planned,
    terminal,
    quietSince: terminal.lastActivity(),
    transcriptLength: terminal.transcript().length,
    ...located,
    watch,
    events,
    signal,
  };
}

/**
 * Waits for a prompt: something was printed, and then nothing for a second. With a limit of a few
 * seconds the session's clock runs already; `quietSince` is the last activity, not the end of this wait.
 */
async function settle(terminal: TerminalSession, planned: PlannedProbe, signal: AbortSignal): Promise<void> {
  const until = performance.now() + SETTLE_SECONDS * 1000;
  while (performance.now() < until) {
    const end = await over(terminal.ended, performance.now() + 50, signal);
    if (end !== undefined) {
      const status = end.exitCode === null ? "" : ` with status ${end.exitCode}`;
      throw new CurfewError(
        "remote",
        `the session of ${planned.user} ended${status} before there was a prompt`,
      );
    }
    const quiet = performance.now() - terminal.lastActivity() >= QUIET_MS;
    if (quiet && /\S/u.test(terminal.transcript())) return;
  }
  throw new CurfewError(
    "remote",
    `the session of ${planned.user} came to no quiet prompt within ${SETTLE_SECONDS} s`,
  );
}

function asResult(
  planned: PlannedProbe,
  bench: ProbeBench,
  observation: Observation,
  saw: string,
): ProbeResult {
  const { scaled, configured, explanation, unjudgeable } = bench;
  const { expect, within, limit } = planned;
  const question = {
    expect,
    within,
    limit,
    scaled: scaled !== undefined,
    configured,
    explanation,
    unjudgeable,
  };
  const { outcome, by, droppedAfterSeconds, reason } = judgeProbe(question, observation);
  return {
    ...notProbed(planned, scaled, reason),
    outcome,
    by,
    droppedAfterSeconds,
    clientSaw: visible(saw).slice(-CLIENT_SAW),
  };
}

function reasonOf(error: unknown, { signal }: ProbeBench): string {
  const cause: unknown = signal.aborted ? signal.reason : error;
  return visible(cause instanceof Error ? cause.message : String(cause)).slice(0, 500);
}

/** The longest that a probe takes after its login, in seconds: for deadlines. */
export function longestWait(probes: readonly PlannedProbe[]): number {
  return Math.max(0, ...probes.map(({ within }) => latest(within))) + SETTLE_SECONDS + 15;
}
