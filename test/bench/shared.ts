/** What an audit over several workers costs: hosts a second, the database's share, and memory, beside a bare login. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Lab } from "../lab/lab.ts";
import { childrenOf, type PostgresServer, startPostgres } from "../lab/postgres.ts";
import { CURFEW, FLOOR, type Desk, type Place, stateOf, writeDesk, writeFloor } from "./fleet.ts";
import { measure, type Measured, startMeasured, type Usage } from "./measure.ts";
import { aligned, type Goal, perFurtherHost, type Row } from "./table.ts";

/** One audit by so many workers. */
export interface SharedRow {
  readonly workers: number;
  readonly hosts: number;
  readonly coordinator: Usage;
  /** Of the workers: their CPU together, the memory of the largest. */
  readonly cpuMs: number;
  readonly rssMiB: number;
  /** CPU of the server and everything it started, for this audit. */
  readonly databaseMs: number;
  /** How much larger the database is after it. */
  readonly databaseBytes: number;
}

export interface SharedCost {
  readonly rows: readonly SharedRow[];
  /** Controller's CPU of one more bare login with the library. */
  readonly loginMs: number;
}

/** Beyond any audit that is measured here. */
const LONGEST_MS = 3_600_000;
/** Enough of them for what one costs. */
const MOST_LOGINS = 500;
const DATABASE = "bench";

/** Audits a tenth of the places by the first number of workers, then all of them by each. */
export async function measureShared(
  lab: Lab,
  places: readonly Place[],
  workers: readonly number[],
): Promise<SharedCost> {
  const server = await startPostgres();
  try {
    const url = await server.createDatabase(DATABASE);
    const loginMs = await measureLogin(lab, places.slice(0, MOST_LOGINS));
    const tenth = places.slice(0, Math.max(1, Math.floor(places.length / 10)));
    const audit = async (count: number, some: readonly Place[]): Promise<SharedRow> => {
      const desk = await writeDesk(lab, `shared-${count}-${some.length}`, some);
      return measureAudit({ lab, server, url, desk }, some.length, count);
    };
    const rows = [await audit(workers[0] ?? 1, tenth)];
    for (const count of workers) rows.push(await audit(count, places));
    return { rows, loginMs };
  } finally {
    await server.stop();
  }
}

/** Milliseconds of CPU for each further login, without what starting costs. */
async function measureLogin(lab: Lab, places: readonly Place[]): Promise<number> {
  const nothing = { command: "true", input: "" };
  const row = async (some: readonly Place[]): Promise<Row> => {
    const floor = await writeFloor(lab, `shared-logins-${some.length}`, some, () => [[nothing]]);
    const usage = await measure({ argv: [FLOOR, floor], expected: [0] }, lab.dir);
    return { what: "floor: ssh2, login and true", hosts: some.length, runs: 1, usage };
  };
  return perFurtherHost(await row(places.slice(0, Math.ceil(places.length / 10))), await row(places));
}

interface Stage {
  readonly lab: Lab;
  readonly server: PostgresServer;
  readonly url: string;
  readonly desk: Desk;
}

async function measureAudit(stage: Stage, hosts: number, count: number): Promise<SharedRow> {
  const { lab, server, desk } = stage;
  const workers = await startWorkers(stage, count);
  const before = { cpu: cpuOf(server.pid()), bytes: await sizeOf(server) };
  const argv = [CURFEW, "audit", "--shared", "-p", desk.policy, "-i", desk.inventory, "--worker-wait", "10m"];
  const audit = { argv, expected: [2], environment: environmentOf(stage) };
  const coordinator = await startMeasured(audit, lab.dir, LONGEST_MS).usage;
  const databaseMs = cpuOf(server.pid()) - before.cpu;
  const databaseBytes = (await sizeOf(server)) - before.bytes;
  for (const { process } of workers) process.kill("SIGTERM");
  const used = await Promise.all(workers.map(({ usage }) => usage));
  return {
    workers: count,
    hosts,
    coordinator,
    cpuMs: used.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    rssMiB: Math.max(...used.map(({ rssMiB }) => rssMiB)),
    databaseMs,
    databaseBytes,
  };
}

/** Until the queue knows them all. */
async function startWorkers(stage: Stage, count: number): Promise<Measured[]> {
  const { lab, server, desk } = stage;
  const environment = environmentOf(stage);
  const check = { argv: [CURFEW, "worker", "--check"], expected: [0], environment };
  await measure(check, lab.dir);
  await server.sql(DATABASE, "DELETE FROM curfew_queue.shared_worker");
  const workers = Array.from({ length: count }, (_, index) => {
    const argv = [CURFEW, "worker", "-q", "--name", `worker${index}`, "--ssh-config", desk.sshConfig];
    return startMeasured({ argv, expected: [0], environment }, lab.dir, LONGEST_MS);
  });
  const known = async (): Promise<number> =>
    Number((await server.sql(DATABASE, "SELECT count(*) FROM curfew_queue.shared_worker"))[0]);
  while ((await known()) < count) {
    await Promise.race([sleep(100), ...workers.map(endsEarly)]);
  }
  return workers;
}

async function endsEarly({ usage }: Measured): Promise<never> {
  await usage;
  throw new Error("a worker ended before there was anything to do");
}

function environmentOf({ lab, url }: Stage): Record<string, string> {
  return { ...stateOf(lab), CURFEW_STORE: url };
}

/** With its indices; not the log, which comes and goes. */
async function sizeOf(server: PostgresServer): Promise<number> {
  const [bytes] = await server.sql(DATABASE, `SELECT pg_database_size('${DATABASE}')`);
  return Number(bytes);
}

/** Milliseconds: its own, its children's, and those of its children that have ended (proc_pid_stat(5), ticks of 10 ms). */
function cpuOf(pid: number): number {
  const ticks = (of: number, fields: readonly number[]): number => {
    const stat = readFileSync(`/proc/${of}/stat`, "utf8");
    const all = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields.reduce((sum, field) => sum + Number(all[field]), 0);
  };
  const [own, ended] = [
    [11, 12],
    [13, 14],
  ] as const;
  const children = childrenOf(pid).reduce((sum, child) => sum + ticks(child, own), 0);
  return (ticks(pid, [...own, ...ended]) + children) * 10;
}

/** One line for each audit. Pure. */
export function sharedText({ rows, loginMs }: SharedCost): string {
  const head = [
    "audit --shared",
    "hosts",
    "hosts/s",
    "coordinator ms/host",
    "workers ms/host",
    "database ms/host",
    "database bytes/host",
    "coordinator RSS MiB",
    "worker RSS MiB",
  ];
  const cells = rows.map((row) => [
    row.workers === 1 ? "1 worker" : `${row.workers} workers`,
    String(row.hosts),
    (row.hosts / (row.coordinator.wallMs / 1000)).toFixed(1),
    (row.coordinator.cpuMs / row.hosts).toFixed(1),
    (row.cpuMs / row.hosts).toFixed(1),
    (row.databaseMs / row.hosts).toFixed(2),
    (row.databaseBytes / row.hosts).toFixed(0),
    row.coordinator.rssMiB.toFixed(0),
    row.rssMiB.toFixed(0),
  ]);
  return `${aligned([head, ...cells])}a bare login with the library: ${loginMs.toFixed(1)} ms of the controller's CPU\n`;
}

/** What the database costs for a host beside a login, and memory of the large run beside the small one. Pure. */
export function sharedGoals({ rows, loginMs }: SharedCost): Goal[] {
  const [small] = rows;
  const large = rows.filter(({ hosts }) => hosts !== small?.hosts);
  const worst = (pick: (row: SharedRow) => number): number => Math.max(...large.map(pick));
  // Memory beside that of as many workers.
  const like = large[0];
  if (small === undefined || like === undefined) return [];
  const title = `shared audit of ${like.hosts}`;
  return [
    {
      what: `${title}: database CPU per host / a login`,
      ratio: worst((row) => row.databaseMs / row.hosts) / loginMs,
      limit: 0.1,
    },
    {
      what: `${title}: coordinator's peak RSS / that of ${small.hosts}`,
      ratio: like.coordinator.rssMiB / small.coordinator.rssMiB,
      limit: 1.3,
    },
    {
      what: `${title}: a worker's peak RSS / that of ${small.hosts}`,
      ratio: like.rssMiB / small.rssMiB,
      limit: 1.3,
    },
    {
      what: `${title}: largest peak RSS / 400 MiB`,
      ratio: worst((row) => Math.max(row.rssMiB, row.coordinator.rssMiB)) / 400,
      limit: 1,
    },
  ];
}
