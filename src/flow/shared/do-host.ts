/** One host of somebody else's run, done as this machine does its own. */
import { hash } from "node:crypto";
import { parsePolicy } from "../../config/policy/policy.ts";
import { takeBaselines } from "../../core/policy/apply-baseline.ts";
import { changesDigest } from "../../core/plan/digests.ts";
import { isInPlace } from "../../core/verdict/outcome.ts";
import { CurfewError, type ErrorData, errorData } from "../../model/terms/error.ts";
import type { KeepEvidence } from "../../model/verdict/evidence.ts";
import type { Host } from "../../model/inventory/host.ts";
import type { HostPlan } from "../../model/change/plan.ts";
import type { HostResult } from "../../model/change/run.ts";
import type { Policy } from "../../model/policy/policy.ts";
import type {
  HostAnswer,
  QueuedHost,
  SharedWork,
  TravellingEvidence,
} from "../../model/record/shared-work.ts";
import { applyForWaves } from "../apply.ts";
import { auditOne } from "../audit.ts";
import { planSingleHost } from "../plan.ts";
import type { RunContext } from "../run/context.ts";
import { type Lanes, verifyHost } from "../verify.ts";

/** A run as a worker knows it. */
export interface PreparedRun {
  readonly runId: string;
  readonly work: SharedWork;
  readonly policy: Policy;
}

/** More of one host is left out. */
const MOST_EVIDENCE = 16 * 1024 * 1024;

/**
 * Reads the policy of a run with the same rules as a file. Errors: CurfewError `input`.
 */
export function prepareRun(
  runId: string,
  work: SharedWork,
  context: Pick<RunContext, "controls" | "now">,
): PreparedRun {
  const { policy: written, baselines } = parsePolicy(
    `the policy of ${runId}`,
    JSON.stringify(work.policy),
    context.now(),
  );
  const keyed = Object.values(written.roles).some(({ probe }) => probe !== undefined);
  if (keyed) {
    throw new CurfewError(
      "input",
      `the policy of ${runId} names private keys, and no run may name files of a worker`,
    );
  }
  return { runId, work, policy: takeBaselines(written, baselines, context.controls) };
}

/** Whether and how a worker changes hosts. */
export interface Changing {
  /** Of this worker, for the locks of hosts. */
  readonly name: string;
  /** It was started for that. */
  readonly applies: boolean;
  /** As `WorkerQueue.permit`, for this host. */
  readonly permit: (changes: string) => Promise<void>;
}

/**
 * Undefined where the worker was told to end at once: the host is another one's then.
 * Rejects for defects, and with CurfewError `unsupported` for a host that is not this worker's to change.
 */
export async function doHost(
  { runId, work, policy }: PreparedRun,
  task: QueuedHost,
  given: RunContext,
  lanes: Lanes,
  changing: Changing,
): Promise<HostAnswer | undefined> {
  const host: Host = { ...task.host, source: { file: runId } };
  const fleet = { policy, hosts: [host] };
  const evidence: TravellingEvidence[] = [];
  const context = { ...given, connectTimeoutSeconds: work.connectTimeout, keep: collector(evidence) };
  const { sessions, roles, scaled } = work;
  let begun = false;
  const answer = await answerOf();
  // What was begun here is nobody else's, and what is known of it is said.
  return given.aborting.aborted && !begun ? undefined : answer;

  async function answerOf(): Promise<HostAnswer> {
    switch (work.kind) {
      case "audit": {
        const options = { sessions, ...(work.verify && { verify: { scaled } }) };
        return { kind: "audit", host: await auditOne(host, fleet, options, context, lanes), evidence };
      }
      case "plan":
        return { kind: "plan", host: await planSingleHost(host, fleet, context) };
      case "apply":
        if (task.look === true) return { kind: "plan", host: await planSingleHost(host, fleet, context) };
        return { kind: "apply", host: await changed() };
      case "verify": {
        const options = { sessions, ...(roles && { roles }), ...(scaled && { scaled }) };
        return { kind: "verify", host: await verifyHost(host, fleet, options, context, lanes), evidence };
      }
    }
  }

  async function changed(): Promise<HostResult> {
    const { apply } = work;
    if (!changing.applies || apply === undefined) throw notForChanges();
    const permit = async (plan: HostPlan): Promise<void> => {
      await changing.permit(changesDigest(plan));
      begun = true;
    };
    const { acceptLostLines, confirmWithin: confirmWithinSeconds } = apply;
    const owner = `${apply.owner} through ${changing.name}`;
    const bounds = { owner, confirmWithinSeconds, acceptLostLines, approved: task.approved, permit };
    return applyForWaves(host, fleet, bounds, context);
  }
}

/** Who can write into the queue can put a host anywhere in it. */
function notForChanges(): CurfewError {
  return new CurfewError("unsupported", "the worker does not change hosts", {
    hint: "one that does is started with curfew worker --apply",
  });
}

/** What went wrong on the way to a host's answer. */
export function notDone(error: unknown): HostAnswer {
  return { kind: "none", error: errorData(error) };
}

/** Where somebody has to look who wants to know why a host could not be reached: not at the coordinator. */
export function seenFrom(answer: HostAnswer, worker: string): HostAnswer {
  const told = (error: ErrorData): ErrorData => ({
    ...error,
    message: `${error.message} (seen from the worker ${worker})`,
  });
  const erring = <Done extends { readonly error?: ErrorData }>(host: Done): Done =>
    host.error === undefined ? host : { ...host, error: told(host.error) };
  switch (answer.kind) {
    case "none":
      return { ...answer, error: told(answer.error) };
    case "audit":
      return { ...answer, host: erring(answer.host) };
    case "plan":
      return { ...answer, host: erring(answer.host) };
    case "verify":
      return { ...answer, host: erring(answer.host) };
    case "apply":
      return { ...answer, host: changedBy(answer.host, worker) };
  }
}

function changedBy(result: HostResult, worker: string): HostResult {
  const { outcome, message, error } = result;
  const by = ` (seen from the worker ${worker})`;
  const said = message === undefined ? {} : { message: `${message}${by}` };
  if (isInPlace(outcome) || error === undefined) return { ...result, ...said };
  // The message begins with the error's.
  return {
    ...result,
    ...(message === undefined ? { error: { ...error, message: `${error.message}${by}` } } : said),
  };
}

/** Nothing is written on the worker: what backs an answer goes with it. */
function collector(into: TravellingEvidence[]): KeepEvidence {
  let total = 0;
  return (_host, name, title, content) => {
    const bytes = Buffer.byteLength(content);
    total += bytes;
    if (total > MOST_EVIDENCE) return Promise.resolve(undefined);
    into.push({ name, title, content });
    return Promise.resolve({ path: `evidence/${name}`, sha256: hash("sha256", content), bytes, title });
  };
}
