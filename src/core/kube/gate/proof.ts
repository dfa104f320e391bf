/** What a real kubectl shows of a gate: an answer within the limit, a refusal after it, a stream that is ended. Pure. */
import type { Seconds } from "../../../model/terms/duration.ts";
import type { KubeLimits } from "../../../model/access/kube.ts";

/** One real kubectl command or stream, and what became of it. */
export interface GateProbe {
  readonly session: "within" | "after" | "stream";
  readonly expect: "answered" | "refused" | "ended";
  readonly outcome: "pass" | "fail" | "unknown";
  /** Unchecked text of kubectl's, or of ours. */
  readonly saw: string;
}

/** How a kubectl ended. */
export interface KubectlEnd {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  /** The first line that it wrote on standard error, or why it could not be run; empty where it wrote none. */
  readonly said: string;
}

/** The shorter limit becomes `scaled` seconds, the other one in proportion. */
export function scaledGateLimits({ idle, max }: KubeLimits, scaled: Seconds | undefined): KubeLimits {
  if (scaled === undefined) return { idle, max };
  const shortest = shortestLimit({ idle, max });
  const scale = (limit: Seconds | null) => (limit === null ? null : (limit / shortest) * scaled);
  return { idle: scale(idle), max: scale(max) };
}

/** After how long without use a session has certainly ended; infinite without a limit. */
export function shortestLimit({ idle, max }: KubeLimits): Seconds {
  return Math.min(idle ?? Infinity, max ?? Infinity);
}

/** @param used whether the gate was asked: an answer that it did not let through shows nothing. */
export function judgeWithin(end: KubectlEnd, used: boolean): GateProbe {
  const outcome = end.code === 0 && used ? "pass" : "unknown";
  const saw = end.code === 0 && !used ? "answered, but kubectl did not ask the gate" : sawOf(end);
  return { session: "within", expect: "answered", outcome, saw };
}

/** Only the gate's own refusal passes: a cluster that is out of reach refuses nobody. */
export function judgeAfter(end: KubectlEnd): GateProbe {
  const refused = end.said.startsWith("curfew: the session ended");
  const outcome = end.code === 0 ? "fail" : refused ? "pass" : "unknown";
  return { session: "after", expect: "refused", outcome, saw: sawOf(end) };
}

/**
 * A stream that the API server closed (it closes every watch after 30 to 60 minutes: kube-apiserver,
 * --min-request-timeout), or that lost its network, shows nothing of the gate.
 *
 * @param byGate whether the gate says that it ended it: kubectl catches SIGTERM and only exits with 1.
 * @param seconds from its beginning to its end, or to the moment when it was given up.
 * @param limit the shortest of the session.
 */
export function judgeStream(end: KubectlEnd, byGate: boolean, seconds: Seconds, limit: Seconds): GateProbe {
  const head = { session: "stream", expect: "ended" } as const;
  const after = `after ${Math.round(seconds)} s`;
  if (end.signal === "SIGKILL") return { ...head, outcome: "fail", saw: `still open ${after}` };
  if (!byGate)
    return { ...head, outcome: "unknown", saw: `ended ${after}, but not by the gate: ${wordsOf(end)}` };
  if (seconds < limit - 1) return { ...head, outcome: "unknown", saw: `ended ${after}, before the limit` };
  return { ...head, outcome: "pass", saw: `ended ${after}` };
}

/** Without it nothing ends a stream. */
export const STREAMS_NOT_ENDED: GateProbe = {
  session: "stream",
  expect: "ended",
  outcome: "fail",
  saw: "the gate was installed without --end-streams",
};

function sawOf(end: KubectlEnd): string {
  return end.code === 0 ? "answered" : wordsOf(end);
}

function wordsOf({ code, signal, said }: KubectlEnd): string {
  if (said !== "") return said;
  return signal === null ? `kubectl ended with status ${code}` : `kubectl was ended by ${signal}`;
}
