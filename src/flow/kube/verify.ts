/** A gate proved: real kubectl commands within its limit and after it, and a stream that outlives it. */
import {
  type GateProbe,
  judgeAfter,
  judgeStream,
  judgeWithin,
  type KubectlEnd,
  STREAMS_NOT_ENDED,
} from "../../core/kube/gate/proof.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import type { Time } from "../../model/terms/time.ts";

/** What proving a gate needs of this machine. */
export interface GateProof extends Time {
  /** The shortest limit of the session that `begin` begins. */
  readonly limit: Seconds;
  readonly endStreams: boolean;
  /** Runs kubectl against the context, and kills it (SIGKILL) after so many milliseconds. */
  readonly kubectl: (args: readonly string[], timeout: number) => Promise<KubectlEnd>;
  /** Begins a session now, in a state of the gate that is not the person's. */
  readonly begin: () => void;
  /** Whether the gate was asked since. */
  readonly used: () => boolean;
  /** Whether the gate ended a stream since. */
  readonly endedStream: () => boolean;
  readonly signal: AbortSignal;
}

const COMMAND = ["get", "--raw", "/version"];
const STREAM = ["get", "namespaces", "--watch"];
/** Milliseconds for one command. */
const PATIENCE = 60_000;
/** Seconds over its limit in which a stream may still be there: the gate looks at it every few seconds. */
const GRACE = 10;

/** The probes in their order; those that would show nothing without the first one are left out. */
export async function proveGate(proof: GateProof): Promise<GateProbe[]> {
  proof.begin();
  const within = judgeWithin(await proof.kubectl(COMMAND, PATIENCE), proof.used());
  // Without a first call that works, a refusal would show nothing.
  if (within.outcome !== "pass") return [within];
  await proof.pause((proof.limit + 1) * 1000, proof.signal);
  const after = judgeAfter(await proof.kubectl(COMMAND, PATIENCE));
  return [within, after, proof.endStreams ? await proveStream(proof) : STREAMS_NOT_ENDED];
}

async function proveStream({ begin, clock, kubectl, limit, endedStream }: GateProof): Promise<GateProbe> {
  begin();
  const started = clock();
  const end = await kubectl(STREAM, (limit + GRACE) * 1000);
  return judgeStream(end, endedStream(), (clock() - started) / 1000, limit);
}
