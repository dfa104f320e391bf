/** `curfew worker`: does hosts of other people's runs, with this machine's keys and in this machine's networks. */
import { hostname } from "node:os";
import { type Command, InvalidArgumentError } from "commander";
import packageData from "../../../package.json" with { type: "json" };
import { DEFAULT_ZONE } from "../../core/shared/travel.ts";
import { isZoneName } from "../../core/text/destination.ts";
import { visible } from "../../core/text/visible.ts";
import type { WorkerEvent } from "../../flow/shared/serve-work.ts";
import { TIME } from "../../host/time.ts";
import type { Host } from "../../model/inventory/host.ts";
import type { Secret } from "../../model/terms/secret.ts";
import type { HostAnswer, TakenJob, WorkerQueue } from "../../model/record/shared-work.ts";
import {
  addAnswerOptions,
  addKeyOptions,
  type AnswerOptions,
  type HostOptions,
  positive,
} from "../options/args.ts";
import { becomePassword } from "../options/become-password.ts";
import { addStoreOption, type StoreOptions } from "../options/history-access.ts";
import { outcomeSymbol } from "../progress/event-text.ts";
import { type Interrupts, watchInterrupts } from "../progress/interrupts.ts";
import { boundYoungGeneration } from "../progress/memory.ts";
import { createContext } from "../progress/run-context.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { writeError } from "../terminal/exit.ts";
import type { Setting } from "../terminal/setting.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { queuePlace } from "./coordination.ts";

interface WorkerOptions
  extends AnswerOptions, StoreOptions, Omit<HostOptions, "json" | "quiet" | "connectTimeout"> {
  readonly zone?: readonly string[];
  readonly name: string;
  readonly apply?: true;
  readonly check?: true;
}

const EXAMPLE = `
Example:
  curfew worker --store postgres://worker1@db.example.com/curfew
  curfew worker --store /etc/curfew/store --zone dmz --zone lab --become-pass-file /etc/curfew/sudo
  curfew worker --store /etc/curfew/store --apply
  curfew audit -p policy.yaml -i inventory.yaml --shared --store /etc/curfew/store

It logs in with its own keys, known_hosts and ssh_config: none of them, and no password, goes through the
database. A host's zone is its variable curfew_zone or its group zone_NAME; without either it is default.
Without --apply it reads and probes hosts and changes none. With --apply it also puts policies in place that
curfew apply --shared sent, so whoever may write into the queue may change its hosts.
Runs of another curfew version are not taken. Ctrl+C or SIGTERM: no further host is taken, those it has
are done; a second time: they go back into the queue. curfew help workers says how to set it up.
Exit codes: 0 ended by a signal, or --check found all in order; 64 the store cannot be used.
`;

export function registerWorker(program: Command, { terminal, setExitCode }: Setting): void {
  const command = program
    .command("worker")
    .summary("do hosts of shared runs")
    .description("Takes hosts of shared runs from a queue in PostgreSQL, and does them from this machine.");
  addStoreOption(addAnswerOptions(command))
    .option("--zone <name>", "serve this zone; may be given several times; default if left out", collectZone)
    .option("--name <name>", "what this worker is called in messages", workerName, hostname())
    .option(
      "--apply",
      "also change hosts: do those of curfew apply --shared; without it hosts are only read and probed",
    )
    .option("--check", "see that the queue can be used, make it where this login may, and end");
  addKeyOptions(command)
    .option("--concurrency <n>", "work on this many hosts at once", positive, 50)
    .addHelpText("after", EXAMPLE)
    .action(async (options: WorkerOptions) => setExitCode(await worker(options, terminal)));
}

async function worker(options: WorkerOptions, terminal: Terminal): Promise<ExitCode> {
  const postgres = await queuePlace(options, terminal, "curfew worker");
  // Before the engine of the queue is loaded, which takes much for a moment.
  boundYoungGeneration();
  const password = options.check === true ? undefined : await becomePassword(hostOptions(options), terminal);
  const { openWorkerQueue } = await import("../../store/queue/queue.ts");
  const zones = [...new Set(options.zone ?? [DEFAULT_ZONE])];
  const served = { postgres, version: packageData.version };
  const queue = await openWorkerQueue(served, options.name, zones, options.apply === true);
  try {
    await announce(options, zones, terminal);
    if (options.check !== true) await serve(queue, password, options, terminal);
    return 0;
  } finally {
    await queue.close();
  }
}

async function serve(
  queue: WorkerQueue,
  sudoPassword: Secret | undefined,
  options: WorkerOptions,
  terminal: Terminal,
): Promise<void> {
  const { serveWork } = await import("../../flow/shared/serve-work.ts");
  const note = (text: string): void => {
    if (options.quiet !== true) terminal.err(`${text}\n`);
  };
  const interrupts = watchInterrupts(() =>
    note("stopping: no further host is taken, those it has are done; interrupt again to give them back"),
  );
  const access = { options: hostOptions(options), terminal, sudoPassword, interrupts, emit: () => {}, note };
  try {
    await serveWork({
      queue,
      name: options.name,
      applies: options.apply === true,
      contextFor: (jobs) => createContext({ ...access, hosts: hostsOf(jobs) }),
      lanes: options.concurrency,
      stopping: interrupts.stopping,
      aborting: interrupts.aborting,
      sleep: (milliseconds) => nap(milliseconds, interrupts),
      tell: teller(options, terminal),
    });
  } finally {
    interrupts.close();
  }
}

/** Told to stop, it stops now and not after its nap. */
function nap(milliseconds: number, { stopping }: Interrupts): Promise<void> {
  return TIME.pause(milliseconds, stopping.aborted ? new AbortController().signal : stopping);
}

function hostsOf(jobs: readonly TakenJob[]): Host[] {
  return jobs.flatMap(({ task }) =>
    task === undefined ? [] : [{ ...task.host, source: { file: "queue" } }],
  );
}

/** The timeout of logins comes with each run. */
function hostOptions(options: WorkerOptions): HostOptions {
  return { ...options, connectTimeout: 20 };
}

async function announce(
  { name, concurrency, json, quiet, apply }: WorkerOptions,
  zones: readonly string[],
  terminal: Terminal,
): Promise<void> {
  const curfew = packageData.version;
  const applies = apply === true;
  if (json === true) {
    await terminal.out([
      `${JSON.stringify({ schema: "curfew/worker/1", name, curfew, zones, applies, concurrency })}\n`,
    ]);
  } else if (quiet !== true) {
    await terminal.say(
      `the worker ${visible(name)} (curfew ${curfew}) serves ${zones.join(", ")}${applies ? ", and changes hosts there" : ""}\n`,
    );
  }
}

/** The same trouble is said once until something else happens. */
function teller({ quiet }: WorkerOptions, terminal: Terminal): (event: WorkerEvent) => void {
  let trouble = "";
  return (event) => {
    if (event.type === "trouble") {
      if (event.error.message !== trouble) writeError(event.error, terminal);
      trouble = event.error.message;
      return;
    }
    trouble = "";
    const text = eventText(event);
    if (text !== undefined && quiet !== true) terminal.err(`${text}\n`);
  };
}

function eventText(event: Exclude<WorkerEvent, { type: "trouble" }>): string | undefined {
  const run = visible(event.runId);
  switch (event.type) {
    case "taken":
      return event.attempt === 0
        ? undefined
        : `${run}: ${visible(event.host)}: taken after another worker was lost with it`;
    case "answered":
      return `${run}: ${visible(event.host)}: ${answerText(event.answer)}`;
    case "unstored":
      return `${run}: ${visible(event.host)}: ${answerText(event.answer)}; the queue ${event.last ? "did not take this" : "has not taken this yet"}`;
    case "lost":
      return `${run}: ${visible(event.host)}: another worker has it meanwhile; the answer of this one does not count`;
    case "refused-run":
      return `${run}: not taken: it was begun by curfew ${visible(event.curfew)}, and this is ${packageData.version}`;
  }
}

function answerText(answer: HostAnswer): string {
  const error = answer.kind === "none" ? answer.error : answer.host.error;
  const said = answer.kind === "apply" ? answer.host.message : undefined;
  if (error !== undefined) return `${outcomeSymbol("unknown")} ${visible(said ?? error.message)}`;
  if (answer.kind !== "audit" && answer.kind !== "apply") return "done";
  return `${outcomeSymbol(answer.host.outcome)} ${answer.host.outcome}`;
}

function collectZone(text: string, before: readonly string[] = []): readonly string[] {
  if (!isZoneName(text))
    throw new InvalidArgumentError("not a zone such as dmz: letters, digits, . _ - only");
  return [...before, text];
}

function workerName(text: string): string {
  if (text !== "" && text.length <= 100 && visible(text) === text) return text;
  throw new InvalidArgumentError("not a name of 1 to 100 characters, none of them invisible");
}
