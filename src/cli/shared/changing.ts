/** `apply --shared`: the same hosts planned, changed and verified by workers, one run of the queue after the other. */
import packageData from "../../../package.json" with { type: "json" };
import { changingPlace, zoneOf } from "../../core/shared/travel.ts";
import { noWorker } from "../../core/shared/unserved.ts";
import type { ApplyElsewhere } from "../../flow/apply.ts";
import type { Host } from "../../model/inventory/host.ts";
import type { SharedChange } from "../../model/record/shared-work.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Time } from "../../model/terms/time.ts";
import { DEFAULT_PROBES } from "../../model/terms/session-kind.ts";
import type { ApplyRequest } from "../options/apply-request.ts";
import type { HostOptions } from "../options/args.ts";
import type { SharedOptions } from "../options/shared-options.ts";
import type { Run } from "../progress/run-context.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { newRun, refuseUnshareable, type SharedRequest, tellOfLeft, withQueue } from "./coordination.ts";
import type { SharedQuestion } from "./head.ts";

export interface ChangingRequest {
  readonly request: ApplyRequest;
  readonly options: SharedOptions & HostOptions & { readonly verify?: true; readonly scaled?: number };
  readonly terminal: Terminal;
}

/** What workers are asked of these hosts beside changing them. */
export function sharedQuestion(
  { request, options, terminal }: ChangingRequest,
  kind: "plan" | "verify",
  hosts: readonly Host[] = request.fleet.hosts,
): SharedRequest {
  const { scaled } = options;
  const verify = { sessions: DEFAULT_PROBES, verify: true, ...(scaled === undefined ? {} : { scaled }) };
  const work = kind === "plan" ? { kind, sessions: [], verify: false } : { kind, ...verify };
  return { ...questionOf(request, hosts, work), options, terminal, told: true };
}

function questionOf(
  { chosen, loaded }: ApplyRequest,
  hosts: readonly Host[],
  work: SharedQuestion["work"],
): SharedQuestion {
  return { chosen: { ...chosen, hosts }, loaded, work };
}

/**
 * Refuses what workers cannot do, then waits until every zone of the hosts has a worker that changes hosts.
 * Errors: CurfewError `usage` and `input`, `unreachable` for a zone without one; no host was contacted then.
 */
export async function awaitChangers(
  asked: ChangingRequest,
  time: Pick<Time, "clock" | "pause">,
): Promise<void> {
  const { options, request } = asked;
  refuseUnshareable(sharedQuestion(asked, options.verify === true ? "verify" : "plan"));
  const zones = [...new Set(request.fleet.hosts.map(zoneOf))];
  await withQueue(asked, async (queue) => {
    await tellOfLeft(queue, asked);
    const end = time.clock() + options.workerWait * 1000;
    for (;;) {
      const served = await queue.served();
      const missing = zones.find((zone) => !served.has(changingPlace(zone)));
      if (missing === undefined) return;
      if (time.clock() >= end) throw unserved(missing, options.workerWait);
      await time.pause(500, NEVER);
    }
  });
}

/** Nothing was begun that would have to come to its end: an interrupt ends the process. */
const NEVER = new AbortController().signal;

function unserved(zone: string, workerWait: number): CurfewError {
  const { code, message, hint } = noWorker(changingPlace(zone), packageData.version, workerWait);
  return new CurfewError(code, `${message}; nothing was changed`, { hint });
}

/** Who changes hosts in the place of this process, and hears why no further one is to be begun. */
export interface Changers {
  readonly change: ApplyElsewhere;
  readonly stopped: (reason: string) => void;
}

/**
 * Does `work` with workers that change hosts. What becomes of the queue is no reason to say less about the hosts: it is
 * returned beside what `work` came to.
 */
export async function withChangers<T>(
  asked: ChangingRequest,
  change: SharedChange,
  run: Run,
  work: (changers: Changers) => Promise<T>,
): Promise<{ readonly result: T; readonly failure: CurfewError | undefined }> {
  const { handOut } = await import("../../flow/shared/hand-out.ts");
  const { options, request } = asked;
  return withQueue(asked, async (queue) => {
    const places = [...new Set(request.fleet.hosts.map(zoneOf))].flatMap((zone) => [
      zone,
      changingPlace(zone),
    ]);
    const question = questionOf(request, [], { kind: "apply", sessions: [], verify: false, apply: change });
    const begun = await queue.begin({ ...newRun({ ...asked, ...question }, run, undefined), places });
    const { version } = packageData;
    const { workerWait } = options;
    const { confirmWithin } = change;
    const out = handOut({ run: begun, version, workerWait, confirmWithin, context: run.context });
    const result = await work({ change: out.change, stopped: out.withdraw });
    const failure = await out.finish().then(() => undefined, unfinished);
    return { result, failure };
  });
}

/** Anything else is a defect and thrown again. */
function unfinished(error: unknown): CurfewError {
  if (!(error instanceof CurfewError)) throw error;
  return new CurfewError("unreachable", `the run could not be ended in the queue: ${error.message}`, {
    hint: "no worker begins with a host of it any more; curfew plan says what is to be done",
    cause: error,
  });
}
