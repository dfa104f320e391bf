/**
 * Shared audits while workers, coordinators and the database are killed, frozen and cut off at random. Each audit has to
 * have every host once, and to leave nothing behind. The same seed chooses the same faults, not the same moments.
 */
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createRandom, type Random } from "../hunt/random.ts";
import { patient } from "../patience.ts";
import type { SharedFleet } from "./fleet.ts";
import { type Running, until } from "./running.ts";

export interface ChaosOptions {
  readonly hosts: number;
  readonly workers: number;
  /** Faults come for so long; the audit that is under way then comes to its end. */
  readonly seconds: number;
  readonly seed: number;
  readonly say: (text: string) => void;
}

export interface ChaosResult {
  readonly audits: number;
  /** How often each fault was played. */
  readonly faults: Readonly<Record<string, number>>;
  /** What was wrong; empty: nothing. */
  readonly wrong: readonly string[];
}

/** A host that keeps whoever comes for a moment and sends them away: a login that fails, as far as the queue cares a host. */
async function openFlakyHost(random: Random): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    setTimeout(() => socket.destroy(), 100 + random.whole(1200));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async close() {
      server.close();
      await once(server, "close");
    },
  };
}

export async function chaos(fleet: SharedFleet, options: ChaosOptions): Promise<ChaosResult> {
  const random = createRandom(options.seed);
  const flaky = await openFlakyHost(random);
  const names = Array.from({ length: options.hosts }, (_, index) => `host${index}`);
  const inventory = fleet.inventory("chaos.yaml", names, () => `ansible_port: ${flaky.port}`);
  const stage = createStage(fleet, options, inventory, random);
  const wrong: string[] = [];
  let audits = 0;
  const end = performance.now() + options.seconds * 1000;
  try {
    do {
      const run = await stage.audit(() => performance.now() < end);
      audits += 1;
      wrong.push(...(await judge(fleet, run, names)));
      options.say(`audit ${audits}: ${wrong.length === 0 ? "whole" : wrong.join("; ")}`);
    } while (performance.now() < end && wrong.length === 0);
    return { audits, faults: stage.played, wrong };
  } finally {
    await stage.close();
    await flaky.close();
  }
}

type Fault = (stop: AbortSignal) => Promise<void>;

function createStage(fleet: SharedFleet, options: ChaosOptions, inventory: string, random: Random) {
  const played: Record<string, number> = {};
  const workers: Running[] = [];
  let started = 0;
  let coordinator: Running | undefined;
  const startWorker = (index: number): void => {
    workers[index] = fleet.worker(`worker${started++}`, "--concurrency", "25");
  };
  const startAudit = (...more: string[]): Running => {
    const argv = [
      "audit",
      "-p",
      fleet.policy,
      "-i",
      inventory,
      "--json",
      "--shared",
      "--connect-timeout",
      "1m",
    ];
    return fleet.run([...argv, "--worker-wait", "30m", ...more]);
  };
  const pick = (): number => random.whole(workers.length);

  const faults: readonly (readonly [name: string, share: number, play: Fault])[] = [
    [
      "a worker is killed",
      4,
      async () => {
        const index = pick();
        workers[index]?.kill("SIGKILL");
        startWorker(index);
      },
    ],
    [
      "a worker is frozen",
      4,
      async (stop) => {
        const frozen = workers[pick()];
        frozen?.kill("SIGSTOP");
        void sleep(2000 + random.whole(25_000), undefined, { signal: stop })
          .catch(() => {})
          .then(() => frozen?.kill("SIGCONT"));
      },
    ],
    [
      "connections are cut",
      4,
      async () => {
        const half =
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shared' AND pid <> pg_backend_pid() AND random() < 0.5";
        await fleet.server.sql("postgres", half).catch(() => []);
      },
    ],
    [
      "the database is frozen",
      1,
      async () => {
        fleet.server.freeze();
        await sleep(500 + random.whole(3000));
        fleet.server.thaw();
      },
    ],
    [
      "the database is killed",
      1,
      async () => {
        await fleet.server.kill();
        await fleet.server.start();
      },
    ],
    [
      "the coordinator is killed",
      1,
      async () => {
        const [runId] = await fleet.server
          .sql("shared", "SELECT name FROM curfew_queue.shared_run")
          .catch(() => []);
        // Before the run is in the queue there is nothing to go on with.
        if (runId === undefined || coordinator === undefined) return;
        coordinator.kill("SIGKILL");
        if ((await coordinator.done) !== null) return;
        coordinator = startAudit("--continue", runId);
      },
    ],
  ];
  const deck = faults.flatMap(([name, share, play]) => Array.from({ length: share }, () => ({ name, play })));

  return {
    played,
    /** One audit to its end, with faults as long as `more` says. */
    async audit(more: () => boolean): Promise<Running> {
      for (let index = 0; index < options.workers; index++)
        if (workers[index] === undefined) startWorker(index);
      const stop = new AbortController();
      coordinator = startAudit();
      const isOver = async (): Promise<boolean> =>
        (await Promise.race([coordinator?.done, sleep(0, "under way" as const)])) !== "under way";
      while (more() && !(await isOver())) {
        await sleep(300 + random.whole(1700));
        const fault = random.pick(deck);
        if (!more()) break;
        played[fault.name] = (played[fault.name] ?? 0) + 1;
        options.say(fault.name);
        await fault.play(stop.signal);
      }
      stop.abort();
      const run = coordinator;
      await until(isOver, () => `the audit ends: ${run.stderr().slice(-2000)}`, 300_000);
      return coordinator;
    },
    async close() {
      for (const each of [...workers, coordinator]) each?.kill("SIGKILL");
      await Promise.all([...workers, coordinator].map((each) => each?.done));
      await until(
        async () => (await fleet.server.sql("postgres", "SELECT 1").catch(() => [])).length > 0,
        () => "the database",
        patient(20_000),
      );
    },
  };
}

/** What is wrong with an audit that ended. */
async function judge(fleet: SharedFleet, run: Running, names: readonly string[]): Promise<string[]> {
  const code = await run.done;
  if (code !== 3) return [`it ended with ${code}: ${run.stderr().slice(-2000)}`];
  const { runId, hosts } = JSON.parse(run.stdout()) as {
    readonly runId: string;
    readonly hosts: readonly { readonly host: string; readonly error?: { readonly message: string } }[];
  };
  const wrong: string[] = [];
  if (JSON.stringify(hosts.map(({ host }) => host)) !== JSON.stringify(names))
    wrong.push("hosts are not those of the inventory, each once");
  const odd = hosts.filter(({ error }) => error?.message.includes("(seen from the worker ") !== true);
  if (odd.length > 0)
    wrong.push(`${odd.length} hosts were not done by a worker: ${JSON.stringify(odd[0]).slice(0, 300)}`);
  const stored = `SELECT count(*), count(DISTINCT h.host), (max(r.finished) IS NOT NULL)::text FROM curfew.run_host h JOIN curfew.run r ON r.id = h.run WHERE r.name = '${runId}'`;
  const [row] = await fleet.server.sql("shared", stored);
  if (row !== `${names.length}\t${names.length}\ttrue`) wrong.push(`the history has ${row}`);
  const left =
    "SELECT (SELECT count(*) FROM curfew_queue.job) + (SELECT count(*) FROM curfew_queue.shared_run) + (SELECT count(*) FROM curfew_queue.shared_result)";
  if ((await fleet.server.sql("shared", left))[0] !== "0") wrong.push("something is left in the queue");
  const locks =
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = 'shared')";
  if ((await fleet.server.sql("shared", locks))[0] !== "0") wrong.push("a lock is left");
  return wrong;
}
