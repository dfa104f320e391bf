/** One probe from its login to its verdict. */
import type { Expectations } from "../../core/probe/expectations.ts";
import type { ProbeOutcome } from "../../core/probe/apart.ts";
import { judgeExempt } from "../../core/probe/judge-exempt.ts";
import { judgeProbe, latest, type Observation } from "../../core/probe/judge-probe.ts";
import type { PlannedProbe } from "../../core/probe/plan.ts";
import type { Control } from "../../model/control/control.ts";
import { visible } from "../../core/text/visible.ts";
import type { Connection, OpenChannel } from "../../model/inventory/connection.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { ProbeResult } from "../../model/change/run.ts";
import type { OpenProbe } from "./opened.ts";
import { PROBE_KINDS } from "./kinds.ts";
import { SETTLE_SECONDS } from "./open.ts";
import type { Way } from "./ways.ts";
import type { HostWatch } from "./watch.ts";
import { PROBE_PROGRAMS } from "./programs.ts";
import { over, type Waiting } from "./wait.ts";
import type { TimedEvent } from "../shadow/shadow.ts";
import type { ProbeRecord } from "./recorder.ts";

/** What a probe needs from its host's run. */
export interface ProbeContext extends Expectations, Waiting {
  readonly controls: readonly Control[];
  readonly watch: HostWatch;
  /** Does the work when it is this probe's turn: logins are paced. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  readonly way: Way;
  /** The mark of what this probe starts on the host: 32 hexadecimal digits. */
  readonly token: string;
  /** Where the shadow instance listens; undefined without one. */
  readonly shadowPort: number | undefined;
  readonly events: (() => readonly TimedEvent[]) | undefined;
  readonly scaled: number | undefined;
  /** Called when the wait begins. */
  readonly began: () => void;
  /** Called when all is over. */
  readonly record: (record: ProbeRecord) => void;
}

const CLIENT_SAW = 2000;
/** How long the end of left-over programs is waited for; the host goes on with it in any case. */
const REAP_SECONDS = 5;

/** What of a probe exists so far: to be closed, and read, whatever happens. */
interface Opened {
  connection?: Connection;
  channel?: OpenChannel;
  quietAt?: number;
  quietSince?: number;
}

/** Opens the session, waits, and judges. Never rejects: what went wrong is an `unknown` with its reason. */
export async function runProbe(planned: PlannedProbe, context: ProbeContext): Promise<ProbeOutcome> {
  const opened: Opened = {};
  let cannot: string | undefined;
  const { clock, pause } = context;
  const startedAt = clock();
  let observation: Observation;
  try {
    const open = await context.inTurn(() => openProbe(planned, context, opened));
    opened.quietAt = open.transcriptLength;
    opened.quietSince = open.quietSince;
    context.began();
    observation = await PROBE_KINDS[planned.session].observe(open);
  } catch (error) {
    observation = { type: "unmeasured", reason: reasonOf(error, context) };
    if (planned.variant === "network-gone" && isUnsupported(error)) cannot = observation.reason;
  } finally {
    opened.connection?.close();
    if (planned.session in PROBE_PROGRAMS || planned.service !== undefined) {
      const whatever = { clock, pause, signal: new AbortController().signal };
      await over(context.watch.reap(context.token), clock() + REAP_SECONDS * 1000, whatever);
    }
  }
  const transcript = opened.channel?.transcript() ?? "";
  context.record({
    startedAt,
    quietSince: opened.quietSince ?? null,
    judgedAt: clock(),
    transcript,
  });
  const saw = context.signal.aborted ? "" : transcript.slice(opened.quietAt ?? 0);
  const result = asResult(planned, context, observation, saw);
  return cannot === undefined ? { result } : { result, cannot };
}

function isUnsupported(error: unknown): boolean {
  return error instanceof CurfewError && error.code === "unsupported";
}

/** A result without a session: the reason says why it was not opened. */
export function notProbed(planned: PlannedProbe, scaled: number | undefined, reason: string): ProbeResult {
  const { session, role, user, via, variant, expect, scaledLimit } = planned;
  return {
    session,
    role,
    user,
    via,
    ...(variant === undefined ? {} : { variant }),
    ...(scaled === undefined ? {} : { scaled }),
    expect,
    withinSeconds: scaledLimit,
    droppedAfterSeconds: null,
    by: "none",
    outcome: "unknown",
    clientSaw: "",
    reason,
  };
}

async function openProbe(planned: PlannedProbe, context: ProbeContext, opened: Opened): Promise<OpenProbe> {
  const { clock, pause, signal, watch, events, token, shadowPort, patience } = context;
  if (signal.aborted) throw signal.reason;
  const connection = await context.way.logIn();
  opened.connection = connection;
  const setup = {
    planned,
    connection,
    watch,
    token,
    shadowPort,
    clock,
    pause,
    signal,
    opened: (channel: OpenChannel) => void (opened.channel = channel),
  };
  const session = await PROBE_KINDS[planned.session].open(setup);
  opened.channel = session.channel;
  const transcriptLength = session.channel.transcript().length;
  const located = await context.way.locate();
  const silence = context.way.silence ?? (async () => session.terminal?.freeze());
  return {
    ...session,
    silence,
    connection,
    planned,
    token,
    patience,
    transcriptLength,
    ...located,
    watch,
    events,
    clock,
    pause,
    signal,
  };
}

function asResult(
  planned: PlannedProbe,
  context: ProbeContext,
  observation: Observation,
  saw: string,
): ProbeResult {
  const { scaled, configured, explanation, unjudgeable } = context;
  const { expect, scaledLimit, limit } = planned;
  const question = {
    expect,
    scaledLimit,
    limit,
    scaled: scaled !== undefined,
    configured,
    explanation,
    unjudgeable,
  };
  const verdict = judgeExempt(
    judgeProbe(question, observation),
    planned.user,
    planned.exemptFrom,
    context.controls,
  );
  return {
    ...notProbed(planned, scaled, ""),
    ...verdict,
    reason: `${verdict.reason}${saidOf(planned)}`,
    clientSaw: visible(saw).slice(-CLIENT_SAW),
  };
}

/** What people have to know to tell two results of one kind apart. */
function saidOf({ variant }: PlannedProbe): string {
  if (variant === undefined) return "";
  return variant === "stopped" ? " (client process stopped)" : " (network gone)";
}

function reasonOf(error: unknown, { signal }: ProbeContext): string {
  // An AbortSignal's own words mean nothing to people.
  if (signal.aborted && !(signal.reason instanceof CurfewError)) return "interrupted";
  const cause: unknown = signal.aborted ? signal.reason : error;
  return visible(cause instanceof Error ? cause.message : String(cause)).slice(0, 500);
}

/** The longest that a probe takes after its login, in seconds: for deadlines. */
export function longestWait(probes: readonly PlannedProbe[]): number {
  return Math.max(0, ...probes.map(({ scaledLimit }) => latest(scaledLimit))) + SETTLE_SECONDS + 15;
}
