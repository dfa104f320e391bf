/** The parts of `apply`: each done from here, or with `--shared` by workers. */
import { isInPlace } from "../../core/verdict/outcome.ts";
import { plannedElsewhere, verifiedElsewhere } from "../../flow/shared/elsewhere.ts";
import type { HostPlan, Plan } from "../../model/change/plan.ts";
import type { HostResult, HostVerification } from "../../model/change/run.ts";
import type { Host } from "../../model/inventory/host.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { DEFAULT_PROBES } from "../../model/terms/session-kind.ts";
import type { ApplyRequest } from "../options/apply-request.ts";
import type { ChangeOptions, PolicyOptions } from "../options/args.ts";
import type { SharedOptions } from "../options/shared-options.ts";
import type { Run } from "../progress/run-context.ts";
import type { ByWorkers } from "../shared/coordination.ts";
import { withWorkers } from "../shared/workers.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface ApplyChoices extends PolicyOptions, ChangeOptions, SharedOptions {
  readonly verify?: true;
  readonly scaled?: number;
  readonly maxHurt?: number;
  readonly acceptLostLines?: true;
}

export interface Doing {
  readonly request: ApplyRequest;
  readonly options: ApplyChoices;
  readonly terminal: Terminal;
}

/** What a part of the run came to, and what went wrong beside its hosts. */
export interface Part<T> {
  readonly result: T;
  readonly failure?: CurfewError | undefined;
}

/** What workers need is loaded for them alone. */
export function loadChanging(): Promise<typeof import("../shared/changing.ts")> {
  return import("../shared/changing.ts");
}

export async function makePlan(doing: Doing, run: Run): Promise<Plan> {
  const { planFleet } = await import("../../flow/plan.ts");
  const { fleet, sources } = doing.request;
  const names = fleet.hosts.map(({ name }) => name);
  const hosts = await run.phase("plan", names, () =>
    byWorkers(doing, "plan", fleet.hosts, run, (workers) =>
      planFleet(fleet, run.context, workers && ((host) => plannedElsewhere(workers.coordination, host))),
    ),
  );
  return { schema: "curfew/plan/1", createdAt: run.context.now().toISOString(), ...sources, hosts };
}

/** Here, or with `--shared` by workers. */
async function byWorkers<T>(
  doing: Doing,
  kind: "plan" | "verify",
  hosts: readonly Host[],
  run: Run,
  work: (workers?: ByWorkers) => Promise<T>,
): Promise<T> {
  if (doing.options.shared !== true) return work();
  const { sharedQuestion } = await loadChanging();
  return withWorkers(sharedQuestion(doing, kind, hosts), run, undefined, work);
}

/** Here, or with `--shared` by workers. */
export async function changeHosts(
  hosts: readonly Host[],
  approved: ReadonlyMap<string, HostPlan> | undefined,
  doing: Doing,
  run: Run,
): Promise<Part<HostResult[]>> {
  const { applyFleet } = await import("../../flow/apply.ts");
  const { options, request } = doing;
  const { waves, maxFail, confirmWithin, acceptLostLines = false } = options;
  const { owner, context } = run;
  const bounds = { waves, maxFail, confirmWithinSeconds: confirmWithin, owner, acceptLostLines };
  const fleet = { ...request.fleet, hosts };
  const wanted = { ...bounds, ...(approved && { approved }) };
  if (options.shared !== true) return { result: await applyFleet(fleet, wanted, context) };
  const { withChangers } = await loadChanging();
  return withChangers(doing, { owner, confirmWithin, acceptLostLines }, run, ({ change: there, stopped }) =>
    applyFleet(fleet, { ...wanted, stopped }, context, there),
  );
}

export async function verifyAfter(
  results: readonly HostResult[],
  doing: Doing,
  run: Run,
): Promise<Part<HostVerification[] | undefined>> {
  const { options, request } = doing;
  if (options.verify !== true || run.context.stopping.aborted) return { result: undefined };
  const { verifyFleet } = await import("../../flow/verify.ts");
  const good = new Set(results.filter(({ outcome }) => isInPlace(outcome)).map(({ host }) => host));
  const hosts = request.fleet.hosts.filter(({ name }) => good.has(name));
  if (hosts.length === 0) return { result: undefined };
  const { scaled } = options;
  const wanted = { sessions: DEFAULT_PROBES, ...(scaled === undefined ? {} : { scaled }) };
  const fleet = { ...request.fleet, hosts };
  const verify = (workers?: ByWorkers): Promise<HostVerification[]> =>
    verifyFleet(
      fleet,
      wanted,
      run.context,
      workers && ((host) => verifiedElsewhere(workers.coordination, host, run.context)),
    );
  const done = run.phase("verify", [...good], () => byWorkers(doing, "verify", hosts, run, verify));
  return done.then((result) => ({ result }), unverified);
}

/** What was changed is still told. Anything but a CurfewError is a defect and thrown again. */
function unverified(error: unknown): Part<undefined> {
  if (!(error instanceof CurfewError)) throw error;
  const { code, message, hint } = error;
  const failure = new CurfewError(code, `nothing was verified: ${message}`, { hint, cause: error });
  return { result: undefined, failure };
}
