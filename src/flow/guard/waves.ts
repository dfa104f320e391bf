/** How a run goes over a fleet: wave after wave, stopping when too much has failed. */
import { foldNames } from "../../core/text/fold-names.ts";
import PQueue from "p-queue";
import { waves } from "../../core/plan/waves.ts";
import { isInPlace } from "../../core/verdict/outcome.ts";
import { CurfewError, errorData } from "../../model/terms/error.ts";
import type { Host } from "../../model/inventory/host.ts";
import type { HostResult } from "../../model/change/run.ts";
import type { RunContext } from "../run/context.ts";
import { outcomeOf, untouched } from "./untouched.ts";

/** The bounds of a run that changes hosts. */
export interface WaveOptions {
  /** How far the run has come when each wave ends: `1`, `10%`. */
  readonly waves: readonly string[];
  /** Once this many hosts have failed, no new host starts; at least 1. */
  readonly maxFail: number;
  readonly confirmWithinSeconds: number;
  /** Who changes the hosts, for locks and logs: `alice@controller`. */
  readonly owner: string;
  /** Called, as often as a host ends, once no further one is to be begun, with the reason. */
  readonly stopped?: (reason: string) => void;
}

/**
 * Calls `change` for every host. The next wave opens only when all hosts of the wave before are
 * unchanged or confirmed. What does not start is `skipped`, with the reason. Results in the order
 * of `hosts`.
 */
export async function inWaves(
  hosts: readonly Host[],
  options: WaveOptions,
  change: (host: Host) => Promise<HostResult>,
  context: RunContext,
): Promise<HostResult[]> {
  const results = new Map<string, HostResult>();
  let stopped: string | undefined;
  for (const [index, wave] of waves(hosts, options.waves).entries()) {
    if (stopped === undefined) {
      context.emit({
        type: "wave-started",
        at: context.clock(),
        wave: index + 1,
        hosts: wave.map(({ name }) => name),
      });
    }
    stopped = await runWave(wave, stopped, results, options, change, context);
  }
  return hosts.map(({ name }) => results.get(name)!);
}

/** Returns why the run must not go on after this wave, or undefined. */
async function runWave(
  wave: readonly Host[],
  stoppedBefore: string | undefined,
  results: Map<string, HostResult>,
  options: WaveOptions,
  change: (host: Host) => Promise<HostResult>,
  context: RunContext,
): Promise<string | undefined> {
  const queue = new PQueue({ concurrency: context.concurrency });
  await queue.addAll(
    wave.map((host) => async () => {
      const reason = stoppedBefore ?? stopReason(results, options, context);
      const result = reason === undefined ? await alwaysResult(host, change) : skipped(host, reason);
      results.set(host.name, result);
      finished(result, context);
      const over = options.stopped && (stoppedBefore ?? stopReason(results, options, context));
      if (over !== undefined) options.stopped?.(over);
    }),
  );
  if (stoppedBefore !== undefined) return stoppedBefore;
  const bad = wave.find(({ name }) => !isGood(results.get(name)));
  return bad === undefined ? undefined : `${bad.name} of the wave before was not confirmed`;
}

/** Never rejects: what is known of the host is said, whatever went wrong. */
export async function alwaysResult(
  host: Host,
  change: (host: Host) => Promise<HostResult>,
): Promise<HostResult> {
  try {
    return await change(host);
  } catch (error) {
    // A defect that one host brings to light must not leave all the others without a result.
    if (!(error instanceof CurfewError)) {
      const data = errorData(error);
      const message = `${data.message}; what has become of this host is not known, an armed change reverts by itself`;
      return { host: host.name, outcome: "unknown", error: data, message };
    }
    // Nothing was touched yet: what happens to an armed change is changeHost's to say.
    return untouched(host.name, error, outcomeOf(error));
  }
}

function stopReason(
  results: ReadonlyMap<string, HostResult>,
  options: WaveOptions,
  context: RunContext,
): string | undefined {
  if (context.stopping.aborted) return "the run was interrupted";
  const failed = [...results.values()].filter((result) => !isGood(result) && result.outcome !== "skipped");
  if (failed.length < options.maxFail) return undefined;
  return `${failed.length === 1 ? "a host" : `${failed.length} hosts`} failed (${foldNames(failed.map(({ host }) => host)).join(", ")})`;
}

/** The result of a host that the run does not come to. */
export function skipped({ name }: Pick<Host, "name">, reason: string): HostResult {
  return { host: name, outcome: "skipped", message: `not started: ${reason}` };
}

function isGood(result: HostResult | undefined): boolean {
  return result !== undefined && isInPlace(result.outcome);
}

function finished({ host, outcome, message }: HostResult, context: RunContext): void {
  context.emit({
    type: "host-finished",
    at: context.clock(),
    host,
    outcome,
    ...(message === undefined ? {} : { message }),
  });
}
