/** What `curfew report`, `history` and `serve` cost on a large history, in either store. No host is contacted. */
import { existsSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openHistory } from "../../src/store/open-history.ts";
import { historyPlace } from "../../src/store/history-place.ts";
import { fleetRun, store } from "../fixtures/audits.ts";
import { freePort } from "../free-port.ts";
import { startPostgres } from "../lab/postgres.ts";
import { measure, type Program, startMeasured } from "./measure.ts";
import { aligned, type Goal, median, medianUsage, type Row } from "./table.ts";

// Not from fleet.ts: that one needs the lab.
const CURFEW = fileURLToPath(new URL("../../src/curfew.js", import.meta.url));

export interface HistoryCost {
  readonly store: StoreName;
  readonly rows: readonly Row[];
  /** Bytes that each further run of the fleet adds. */
  readonly bytesPerRun: number;
  /** Milliseconds until the whole first page of `serve` is there, and for counting the same rows. */
  readonly firstPage: number;
  readonly count: number;
}

export type StoreName = "SQLite" | "PostgreSQL";

/** Where a history is for a while. */
interface Store {
  readonly name: StoreName;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  bytes(): Promise<number>;
  /** `SELECT count(*)` of runs, hosts and bodies. */
  count(): Promise<void>;
  close(): Promise<void>;
}

/** Measures on histories of `hosts` hosts in `few` and then `many` runs, `times` each. */
export async function measureHistory(
  name: StoreName,
  hosts: number,
  [few, many]: readonly [number, number],
  times: number,
): Promise<HistoryCost> {
  // What is measured reads; the disk's speed would only make writing the history slow.
  const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const directory = await mkdtemp(join(memory, "curfew-bench-history-"));
  const place = name === "SQLite" ? openFile(directory) : await openServer(directory);
  try {
    const rows: Row[] = [];
    const sizes: number[] = [];
    for (const [from, to] of [
      [0, few],
      [few, many],
    ] as const) {
      await fill(place, hosts, from, to);
      sizes.push(await place.bytes());
      for (const argv of [["report"], ["report", "--json"], ["history"]]) {
        rows.push(await rowOf(argv, `${name}, ${to} audits`, place, hosts, times));
      }
    }
    const { firstPage, count } = await measureServe(place);
    const bytesPerRun = ((sizes[1] ?? 0) - (sizes[0] ?? 0)) / (many - few);
    return { store: name, rows, bytesPerRun, firstPage, count };
  } finally {
    await place.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** A report in under 2 seconds, its memory that of one run however many there are; the first page at once. */
export function historyGoals({ store: name, rows, firstPage }: HistoryCost): Goal[] {
  const reports = rows.filter(({ what }) => what.startsWith("curfew report,"));
  const [small, large] = [reports.at(0), reports.at(-1)];
  if (small === undefined || large === undefined) return [];
  return [
    { what: `${large.what}: wall / 2 s`, ratio: large.usage.wallMs / 2000, limit: 1 },
    {
      what: `${large.what}: peak RSS / that of few audits`,
      ratio: large.usage.rssMiB / small.usage.rssMiB,
      limit: 1.2,
    },
    { what: `curfew serve, ${name}: first page / 300 ms`, ratio: firstPage / 300, limit: 1 },
  ];
}

/** What a table of one process's usage has no column for. */
export function storesText(costs: readonly HistoryCost[]): string {
  const head = ["the stores", "bytes per audit", "first page of serve ms", "count(*) of the same tables ms"];
  const cells = costs.map((cost) => [
    cost.store,
    ...[cost.bytesPerRun, cost.firstPage, cost.count].map((number) => number.toFixed(0)),
  ]);
  return aligned([head, ...cells]);
}

function openFile(directory: string): Store {
  const file = join(directory, "curfew", "history.sqlite");
  return {
    name: "SQLite",
    environment: { XDG_STATE_HOME: directory },
    directory,
    async bytes() {
      return (await stat(file)).size;
    },
    async count() {
      const { DatabaseSync } = await import("node:sqlite");
      const database = new DatabaseSync(file, { readOnly: true });
      for (const table of COUNTED) database.prepare(`SELECT count(*) FROM ${table}`).get();
      database.close();
    },
    async close() {},
  };
}

async function openServer(directory: string): Promise<Store> {
  const server = await startPostgres();
  const url = await server.createDatabase("bench");
  const ask = async (text: string): Promise<string[]> => {
    const { default: pg } = await import("pg");
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query<{ number: string }>(text);
    await client.end();
    return rows.map(({ number }) => number);
  };
  return {
    name: "PostgreSQL",
    environment: { XDG_STATE_HOME: directory, CURFEW_STORE: url },
    directory,
    async bytes() {
      return Number((await ask("SELECT pg_database_size('bench') AS number"))[0]);
    },
    async count() {
      await ask(COUNTED.map((table) => `SELECT count(*) AS number FROM curfew.${table}`).join(" UNION ALL "));
    },
    close: () => server.stop(),
  };
}

const COUNTED = ["run", "host", "run_host", "finding", "finding_list", "content"];

async function fill(
  { environment, directory }: Store,
  hosts: number,
  from: number,
  to: number,
): Promise<void> {
  const place = await historyPlace({ given: undefined, environment, home: directory });
  const history = await openHistory({ ...place, now: () => new Date() });
  for (let day = from; day < to; day += 1) await store(history, fleetRun(hosts, day));
  await history.close();
}

async function rowOf(
  argv: readonly string[],
  about: string,
  { environment, directory }: Store,
  hosts: number,
  times: number,
): Promise<Row> {
  const program: Program = { argv: [CURFEW, ...argv], expected: [0], environment };
  // The first one fills the compile cache.
  await measure(program, directory);
  const usages = [];
  for (let run = 0; run < times; run += 1) usages.push(await measure(program, directory));
  return { what: `curfew ${argv.join(" ")}, ${about}`, hosts, runs: times, usage: medianUsage(usages) };
}

const PAGES = 9;
const LONGEST_MS = 600_000;

/** The first page and the count in turn, so that both see the same load. */
async function measureServe(place: Store): Promise<{ firstPage: number; count: number }> {
  const port = await freePort();
  const { environment, directory } = place;
  const program = { argv: [CURFEW, "serve", "--port", String(port)], expected: [0], environment };
  const serving = startMeasured(program, directory, LONGEST_MS);
  const early = serving.usage.then(() => Promise.reject(new Error("curfew serve ended by itself")));
  early.catch(() => {});
  try {
    while (!(await Promise.race([answers(port), early]))) await sleep(50);
    const [pages, counts]: [number[], number[]] = [[], []];
    for (let time = 0; time < PAGES; time += 1) {
      pages.push(await wallOf(() => getPage(port)));
      counts.push(await wallOf(() => place.count()));
    }
    return { firstPage: median(pages), count: median(counts) };
  } finally {
    serving.process.kill("SIGTERM");
    await serving.usage.catch(() => {});
  }
}

async function wallOf(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

async function answers(port: number): Promise<boolean> {
  return getPage(port).then(
    () => true,
    () => false,
  );
}

/** Errors: where it does not answer, or not with a page. */
async function getPage(port: number): Promise<void> {
  const asked = request({ host: "127.0.0.1", port, path: "/", agent: false }).end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  let bytes = 0;
  for await (const chunk of answer) bytes += (chunk as Buffer).length;
  if (answer.statusCode !== 200 || bytes === 0) throw new Error(`serve answered ${answer.statusCode}`);
}
