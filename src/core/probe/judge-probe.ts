/**
 * How a probe's session ended, which mechanism ended it, and what that says about the policy. Pure.
 * What was not measured never passes.
 */
import type { Seconds } from "../../model/terms/duration.ts";
import type { ProbeResult } from "../../model/change/run.ts";
import type { ConfiguredTimeout, Mechanism } from "../../model/control/timeout.ts";
import { scaledDoubt } from "./scaled-doubt.ts";

/** What is known of the end of one session. */
export interface SessionTrace {
  /** From the last activity. */
  readonly seconds: number;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The whole connection went, not only the channel. */
  readonly connectionLost: boolean;
  /** What the client received after its last activity. */
  readonly text: string;
  /** sshd said that this client does not answer. */
  readonly clientSilent: boolean;
  /** sshd said, at the moment of the end, that it closes a channel for inactivity. */
  readonly channelIdle: boolean;
  /** sshd said that it ends this connection because no channel is open. */
  readonly connectionUnused?: boolean;
  /** Programs of the probe that ran on. */
  readonly orphans?: readonly string[];
  /** What the service that ended its session said it was; undefined for sessions with no service. */
  readonly service?: { readonly by: Mechanism; readonly busyKept: boolean };
  /** False for a live probe: then the silence of sshd's log means nothing. */
  readonly logSeen: boolean;
  /** On the host: the shell went while its connection stayed. Undefined where nobody looked. */
  readonly shellWentFirst?: boolean;
}

export type Observation =
  | { readonly type: "ended"; readonly trace: SessionTrace }
  | { readonly type: "kept"; readonly seconds: number; readonly answers: boolean }
  | { readonly type: "unmeasured"; readonly reason: string };

export interface ProbeQuestion {
  readonly expect: ProbeResult["expect"];
  /** The limit in the probed session, in seconds: scaled, where the probe is. */
  readonly scaledLimit: Seconds;
  /** The limit of the policy. */
  readonly limit: Seconds;
  readonly scaled: boolean;
  readonly configured: readonly ConfiguredTimeout[];
  /** Why a session that should have been dropped might still be there, for the reason; or empty. */
  readonly explanation: string;
  /** Set where the probe cannot tell a missing mechanism from one that it could not scale. */
  readonly unjudgeable?: string | undefined;
}

export interface ProbeVerdict {
  readonly outcome: ProbeResult["outcome"];
  readonly by: Mechanism;
  readonly droppedAfterSeconds: number | null;
  readonly orphans?: readonly string[];
  readonly reason: string;
}

/** The latest moment at which a drop is still in time: 10 % and 2 s for the mechanisms' own steps. */
export function latest(limit: Seconds): number {
  return limit * 1.1 + 2;
}

/** The earliest moment that still looks like a timeout of `limit`: some fire up to 1.3 s early. */
export function earliest(limit: Seconds): number {
  return limit * 0.98 - 1.5;
}

// bash and ksh, tcsh, zsh, ksh93; all of them say so on the terminal.
const SHELL_FAREWELL = /timed out waiting for input|auto-?logout|zsh: timeout|shell timeout/iu;

// What the watchdog writes on the terminal before it ends the session.
const WATCHDOG_FAREWELL = /\*\*\* curfew: no input for \S+: this session ends now/u;

/** Which mechanism ended a session; `unattributed` where the evidence fits none, or more than one. */
export function attribute(trace: SessionTrace, configured: readonly ConfiguredTimeout[]): Mechanism {
  if (trace.service !== undefined) return trace.service.by;
  if (trace.clientSilent) return "ClientAlive";
  if (WATCHDOG_FAREWELL.test(trace.text)) return "watchdog";
  if (SHELL_FAREWELL.test(trace.text)) return "TMOUT";
  if (trace.channelIdle) return "ChannelTimeout";
  // Later than the channel's own end, which leaves the connection unused.
  if (trace.connectionUnused === true) return "UnusedConnectionTimeout";
  // zsh says nothing on some terminals, but only its own timeout gives 14 (zshparam(1), TMOUT).
  if (trace.exitCode === 14) return "TMOUT";
  const fits = (by: Mechanism): boolean =>
    configured.some((timeout) => timeout.by === by && explains(timeout, trace.seconds));
  if (trace.shellWentFirst === true) return whoEndedTheShell(trace, fits);
  if (trace.logSeen && trace.shellWentFirst === undefined && trace.connectionLost) {
    return onlyOne(["logind", "watchdog"], fits);
  }
  if (trace.exitCode !== null || trace.signal !== null) return "unattributed";
  // The server closed the channel without an exit status: of sshd's own reasons only ChannelTimeout.
  if (!trace.connectionLost && !trace.logSeen) return "ChannelTimeout";
  return onlyOne(LEAVE_NO_WORD, fits);
}

const LEAVE_NO_WORD: readonly Mechanism[] = [
  "ClientAlive",
  "ChannelTimeout",
  "UnusedConnectionTimeout",
  "logind",
  "watchdog",
];

function onlyOne(mechanisms: readonly Mechanism[], fits: (by: Mechanism) => boolean): Mechanism {
  const [first, ...others] = mechanisms.filter(fits);
  return first !== undefined && others.length === 0 ? first : "unattributed";
}

/** The verdict on one probe. */
export function judgeProbe(question: ProbeQuestion, observation: Observation): ProbeVerdict {
  const verdict = judge(question, observation);
  const orphans = observation.type === "ended" ? (observation.trace.orphans ?? []) : [];
  if (orphans.length === 0) return verdict;
  return {
    ...verdict,
    orphans,
    reason: `${verdict.reason}; still running on the host: ${orphans.join(", ")}`,
  };
}

function judge(question: ProbeQuestion, observation: Observation): ProbeVerdict {
  if (observation.type === "unmeasured") {
    return { outcome: "unknown", by: "none", droppedAfterSeconds: null, reason: observation.reason };
  }
  if (question.expect === "kept") return judgeKept(question, observation);
  if (observation.type === "kept") return judgeNotDropped(question, observation.seconds);
  return judgeDropped(question, observation.trace);
}

function whoEndedTheShell(trace: SessionTrace, fits: (by: Mechanism) => boolean): Mechanism {
  // sshd would have logged ChannelTimeout; without its log the two look the same from outside.
  if (trace.logSeen) return fits("TMOUT") ? "TMOUT" : "unattributed";
  if (fits("TMOUT") === fits("ChannelTimeout")) return "unattributed";
  return fits("TMOUT") ? "TMOUT" : "ChannelTimeout";
}

/** Whether a configured timeout can have fired after so long: 9.2 takes twice its time for ClientAlive. */
function explains({ by, fires, every = 0, step = 0, late = 0 }: ConfiguredTimeout, seconds: number): boolean {
  const until = by === "ClientAlive" ? latest(fires * 2) : latest(fires) + every + step + late;
  return seconds >= earliest(fires) && seconds <= until;
}

function judgeKept(
  question: ProbeQuestion,
  observation: Exclude<Observation, { type: "unmeasured" }>,
): ProbeVerdict {
  if (observation.type === "ended") {
    const by = attribute(observation.trace, question.configured);
    const seconds = rounded(observation.trace.seconds);
    const reason = `ended ${seconds} s after the last activity by ${words(by)}, though it had to be kept`;
    return { outcome: "fail", by, droppedAfterSeconds: seconds, reason };
  }
  const seconds = rounded(observation.seconds);
  const base = { by: "none", droppedAfterSeconds: null } as const;
  return observation.answers
    ? { ...base, outcome: "pass", reason: `kept and answering after ${seconds} s` }
    : { ...base, outcome: "unknown", reason: `still connected after ${seconds} s, but it did not answer` };
}

function judgeNotDropped(question: ProbeQuestion, seconds: number): ProbeVerdict {
  const base = { by: "none", droppedAfterSeconds: null } as const;
  if (question.unjudgeable !== undefined)
    return { ...base, outcome: "unknown", reason: question.unjudgeable };
  const why = question.explanation === "" ? "" : `: ${question.explanation}`;
  const reason = `still there ${rounded(seconds)} s after the last activity, with a limit of ${question.scaledLimit} s${why}`;
  return { ...base, outcome: "fail", reason };
}

function judgeDropped(question: ProbeQuestion, trace: SessionTrace): ProbeVerdict {
  const by = attribute(trace, question.configured);
  const seconds = rounded(trace.seconds);
  const base = { by, droppedAfterSeconds: seconds };
  const said = `dropped after ${seconds} s by ${words(by)}`;
  const { scaledLimit, limit, scaled, configured } = question;
  if (trace.service?.busyKept === false) {
    return { ...base, outcome: "fail", reason: `${said}, and a busy session beside it was ended as well` };
  }
  const { every = 0, step = 0, late = 0 } = configured.find((timeout) => timeout.by === by) ?? {};
  if (trace.seconds > latest(scaledLimit) + every + step) {
    const slow = late < 1 ? "" : `: here ${by} is up to ${late} s later than every ${every} s`;
    return { ...base, outcome: "fail", reason: `${said}, later than the limit of ${scaledLimit} s${slow}` };
  }
  const causes = configured.filter((timeout) => timeout.by === by && explains(timeout, trace.seconds));
  const early = trace.seconds < earliest(scaledLimit);
  if (by === "unattributed" && trace.connectionLost) {
    return {
      ...base,
      outcome: "unknown",
      reason: `${said}; the connection went with it, so it may have been the network`,
    };
  }
  if (early && by === "unattributed") {
    return {
      ...base,
      outcome: "unknown",
      reason: `${said}, too early for the limit of ${scaledLimit} s: perhaps the network`,
    };
  }
  if (early && causes.length === 0) {
    return {
      ...base,
      outcome: "unknown",
      reason: `${said}, earlier than anything that is set on the host explains`,
    };
  }
  if (scaled) {
    const why = scaledDoubt(causes, trace.seconds, limit);
    if (why !== undefined) return { ...base, outcome: why.outcome, reason: `${said}${why.reason}` };
  }
  const steps = every === 0 ? "" : ` (looked at every ${every} s)`;
  return { ...base, outcome: "pass", reason: `${said}, limit ${scaledLimit} s${steps}` };
}

function words(by: Mechanism): string {
  if (by === "unattributed") return "something that left no trace";
  return by;
}

function rounded(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
