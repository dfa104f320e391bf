/** One host of somebody else's run, done as this machine does its own. */
import { hash } from "node:crypto";
import { parsePolicy } from "../../config/policy/policy.ts";
import { takeBaselines } from "../../core/policy/apply-baseline.ts";
import { CurfewError, type ErrorData, errorData } from "../../model/terms/error.ts";
import type { KeepEvidence } from "../../model/verdict/evidence.ts";
import type { Host } from "../../model/inventory/host.ts";
import type { Policy } from "../../model/policy/policy.ts";
import type {
  HostAnswer,
  SharedWork,
  TravellingEvidence,
  TravellingHost,
} from "../../model/record/shared-work.ts";
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

/** Undefined where the worker was told to end at once: the host is another one's then. Rejects for defects alone. */
export async function doHost(
  { runId, work, policy }: PreparedRun,
  task: TravellingHost,
  given: RunContext,
  lanes: Lanes,
): Promise<HostAnswer | undefined> {
  const host: Host = { ...task, source: { file: runId } };
  const fleet = { policy, hosts: [host] };
  const evidence: TravellingEvidence[] = [];
  const context = { ...given, connectTimeoutSeconds: work.connectTimeout, keep: collector(evidence) };
  const { sessions, roles, scaled } = work;
  const answer = await answerOf();
  return given.aborting.aborted ? undefined : answer;

  async function answerOf(): Promise<HostAnswer> {
    switch (work.kind) {
      case "audit": {
        const options = { sessions, ...(work.verify && { verify: { scaled } }) };
        return { kind: "audit", host: await auditOne(host, fleet, options, context, lanes), evidence };
      }
      case "plan":
        return { kind: "plan", host: await planSingleHost(host, fleet, context) };
      case "verify": {
        const options = { sessions, ...(roles && { roles }), ...(scaled && { scaled }) };
        return { kind: "verify", host: await verifyHost(host, fleet, options, context, lanes), evidence };
      }
    }
  }
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
  switch (answer.kind) {
    case "none":
      return { ...answer, error: told(answer.error) };
    case "audit":
      return answer.host.error === undefined
        ? answer
        : { ...answer, host: { ...answer.host, error: told(answer.host.error) } };
    case "plan":
      return answer.host.error === undefined
        ? answer
        : { ...answer, host: { ...answer.host, error: told(answer.host.error) } };
    case "verify":
      return answer.host.error === undefined
        ? answer
        : { ...answer, host: { ...answer.host, error: told(answer.host.error) } };
  }
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
