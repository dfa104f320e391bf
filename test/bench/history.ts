/** What `curfew report` and `curfew history` cost on a large history. No host is contacted. */
import { existsSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openHistory } from "../../src/store/open-history.ts";
import { fleetRun, store } from "../fixtures/audits.ts";
import { measure, type Program } from "./measure.ts";
import { type Goal, medianUsage, type Row } from "./table.ts";

// Not from fleet.ts: that one needs the lab.
const CURFEW = fileURLToPath(new URL("../../src/curfew.js", import.meta.url));

export interface HistoryCost {
  readonly rows: readonly Row[];
  /** Bytes that each further run of the fleet adds. */
  readonly bytesPerRun: number;
}

/** Measures on histories of `hosts` hosts in `few` and then `many` runs, `times` each. */
export async function measureHistory(
  hosts: number,
  [few, many]: readonly [number, number],
  times: number,
): Promise<HistoryCost> {
  // What is measured reads; the disk's speed would only make writing the history slow.
  const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const directory = await mkdtemp(join(memory, "curfew-bench-history-"));
  try {
    const rows: Row[] = [];
    const sizes: number[] = [];
    for (const [from, to] of [
      [0, few],
      [few, many],
    ] as const) {
      await fill(directory, hosts, from, to);
      sizes.push((await stat(join(directory, "curfew", "history.sqlite"))).size);
      for (const argv of [["report"], ["report", "--json"], ["history"]]) {
        rows.push(await rowOf(argv, `${hosts} hosts, ${to} audits`, directory, hosts, times));
      }
    }
    return { rows, bytesPerRun: ((sizes[1] ?? 0) - (sizes[0] ?? 0)) / (many - few) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A report in under 2 seconds, its memory that of one run however many there are. */
export function historyGoals({ rows }: HistoryCost): Goal[] {
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
  ];
}

async function fill(directory: string, hosts: number, from: number, to: number): Promise<void> {
  const history = await openHistory({ state: join(directory, "curfew"), now: () => new Date() });
  for (let day = from; day < to; day += 1) await store(history, fleetRun(hosts, day));
  await history.close();
}

async function rowOf(
  argv: readonly string[],
  about: string,
  directory: string,
  hosts: number,
  times: number,
): Promise<Row> {
  const environment = { XDG_STATE_HOME: directory };
  const program: Program = { argv: [CURFEW, ...argv], expected: [0], environment };
  // The first one fills the compile cache.
  await measure(program, directory);
  const usages = [];
  for (let run = 0; run < times; run += 1) usages.push(await measure(program, directory));
  return { what: `curfew ${argv.join(" ")}, ${about}`, hosts, runs: times, usage: medianUsage(usages) };
}
