/** Runs whose hosts are done by the workers of a queue, and the workers themselves. */
import packageData from "../../../package.json" with { type: "json" };
import {
  refuseUntravelled,
  rolesWithKeys,
  travelling,
  travellingPolicy,
  zoneOf,
} from "../../core/shared/travel.ts";
import { shown } from "../../core/text/nearest.ts";
import { visible } from "../../core/text/visible.ts";
import type { Coordination } from "../../flow/shared/coordinate.ts";
import type { AuditHeader } from "../../model/record/audit.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { NewSharedRun } from "../../model/record/shared-work.ts";
import type { PostgresSettings } from "../../store/postgres/settings.ts";
import type { Queue } from "../../store/queue/queue.ts";
import type { HostOptions } from "../options/args.ts";
import { type StoreOptions, storePlace } from "../options/history-access.ts";
import type { SharedOptions } from "../options/shared-options.ts";
import type { Run } from "../progress/run-context.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { type Head, headSchema, refuseOther, type SharedQuestion } from "./head.ts";

/** What is to be done, and by whose command. */
export interface SharedRequest extends SharedQuestion {
  readonly options: SharedOptions & HostOptions;
  readonly terminal: Terminal;
  /** Of runs that lost their coordinator it was told already. */
  readonly told?: true;
}

/** How workers do a run. */
export interface ByWorkers {
  readonly coordination: Coordination;
  /** Of an audit: that with which it began. */
  readonly header: AuditHeader | undefined;
  /** Another process began the run. */
  readonly continued: boolean;
}

/** Refuses what cannot be done elsewhere, before anything is contacted. Errors: CurfewError `usage` and `input`. */
export function refuseUnshareable({ chosen, loaded, work }: SharedQuestion): void {
  refuseUntravelled(chosen.hosts);
  for (const host of chosen.hosts) zoneOf(host);
  if (!work.verify) return;
  const [role] = rolesWithKeys(loaded.policy);
  if (role === undefined) return;
  throw new CurfewError(
    "usage",
    `--shared: the role ${shown(role)} has a private key for its probes, and keys stay on this machine`,
    {
      hint: "take the role's probe out of the policy, so that it is probed through the shadow instance, or verify without --shared",
    },
  );
}

/** Where the queue is. Errors: CurfewError `usage` where the store is not PostgreSQL. */
export async function queuePlace(
  options: StoreOptions,
  terminal: Pick<Terminal, "environment">,
  what: string,
): Promise<PostgresSettings> {
  const place = await storePlace(options, terminal);
  if ("postgres" in place) return place.postgres;
  throw new CurfewError("usage", `${what} needs a queue in PostgreSQL, and the store is not there`, {
    hint: "give --store postgres://USER@HOST/DATABASE or set CURFEW_STORE; curfew help workers",
  });
}

/**
 * Does `work` with a coordination of the run's hosts, new or continued, and takes the run out of the queue afterwards.
 * `mine`: the header of an audit; a continued one has that with which it began.
 * Where another coordinator took it over, or the database is gone, the run stays for whoever goes on with it.
 */
export async function withCoordination<T>(
  request: SharedRequest,
  run: Run,
  mine: AuditHeader | undefined,
  work: (workers: ByWorkers) => Promise<T>,
): Promise<T> {
  const { options } = request;
  const { coordinate } = await import("../../flow/shared/coordinate.ts");
  return withQueue(request, async (queue) => {
    const there =
      options.continue === undefined ? undefined : await goOn(queue, options.continue, request, run);
    if (there === undefined && request.told !== true) await tellOfLeft(queue, request);
    const header = there?.head.header ?? mine;
    const coordination = coordinate({
      open: async () => there?.run ?? (await queue.begin(newRun(request, run, mine))),
      // A run that is gone on with has the same in the same order, or it was refused.
      hosts: request.chosen.hosts.map(({ name }) => name),
      version: packageData.version,
      workerWait: options.workerWait,
      context: run.context,
    });
    const continued = there !== undefined;
    const result = await Promise.race([work({ coordination, header, continued }), coordination.failed]);
    await coordination.finish();
    return result;
  });
}

/** Does `work` with the queue of the options. Errors: those of `queuePlace`, of the queue and of `work`. */
export async function withQueue<T>(
  { options, terminal }: Pick<SharedRequest, "options" | "terminal">,
  work: (queue: Queue) => Promise<T>,
): Promise<T> {
  const { openQueue } = await import("../../store/queue/queue.ts");
  const postgres = await queuePlace(options, terminal, "--shared");
  const queue = await openQueue({ postgres, version: packageData.version });
  try {
    return await work(queue);
  } finally {
    await queue.close();
  }
}

async function goOn(queue: Queue, runId: string, request: SharedRequest, run: Run) {
  const headOf = (head: unknown): Head => {
    const parsed = headSchema.safeParse(head);
    if (parsed.success) return parsed.data;
    throw new CurfewError(
      "input",
      `the run ${shown(runId)} cannot be continued: its entry in the queue cannot be read`,
    );
  };
  const { run: shared, head } = await queue.continue(runId, run.owner, (found) =>
    refuseOther(runId, { work: found.work, head: headOf(found.head) }, request),
  );
  return { run: shared, head: headOf(head) };
}

export function newRun(
  { chosen, loaded, work, options }: SharedRequest,
  run: Run,
  header: Head["header"],
): NewSharedRun {
  const hosts = chosen.hosts.map((host) => ({ host: travelling(host), zone: zoneOf(host) }));
  const head: Head = {
    policy: loaded.source.digest,
    inventory: chosen.source.digest,
    limit: chosen.source.limit,
    hosts: chosen.hosts.map(({ name }) => name),
    ...(header === undefined ? {} : { header }),
  };
  const shared = {
    ...work,
    policy: travellingPolicy(loaded.written),
    connectTimeout: options.connectTimeout,
  };
  return { runId: run.journal.runId, work: shared, head, hosts, owner: run.owner };
}

export async function tellOfLeft(
  queue: Queue,
  { options, terminal }: Pick<SharedRequest, "options" | "terminal">,
): Promise<void> {
  if (options.quiet === true) return;
  for (const { runId, changes } of await queue.left()) {
    const name = visible(runId);
    const then = changes
      ? "no further host of it is changed; curfew plan says what is to be done"
      : `the same command with --continue ${name} goes on with it`;
    terminal.err(`${terminal.errPaint.yellow("warning:")} the coordinator of ${name} is gone; ${then}\n`);
  }
}
