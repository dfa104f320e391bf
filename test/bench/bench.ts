/**
 * `npm run bench`: what curfew costs the machine it runs on, beside what the SSH library alone costs in the same
 * run, as a table and as ratios with their goals. A measurement, not a test: it exits 0 whatever comes out.
 *
 *     npm run bench -- [--only fleet|shared|history]… [--hosts 10,100,500] [--real-hosts 96] [--seconds 600]
 *         [--shared-hosts 500] [--workers 1,2,4] [--history-hosts 1000] [--history-runs 5,50]
 */
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { enterLab, prepareLab, say } from "../lab/enter.ts";
import type { LabHost } from "../lab/host.ts";
import { type Lab, openLab } from "../lab/lab.ts";
import { machineLacks } from "../lab/packages.ts";
import { postgresLacks } from "../lab/postgres.ts";
import { measureChanging } from "./changing.ts";
import { manyAddresses, type Place } from "./fleet.ts";
import { gateGoals, gateText, measureGate } from "./gate.ts";
import { allGoals } from "./goals.ts";
import { reportPageText } from "./report-page.ts";
import { type HistoryCost, historyGoals, measureHistory, storesText } from "./history.ts";
import { countRoundTrips, measureReading } from "./reading.ts";
import { measureShared, sharedGoals, sharedText } from "./shared.ts";
import { measureStartUp } from "./start-up.ts";
import { goalsText, tableText, tripsText } from "./table.ts";

interface Options {
  readonly parts: readonly Part[];
  /** Sizes of the fleet that is only read, ascending. */
  readonly hosts: readonly number[];
  /** Real hosts that are changed. */
  readonly realHosts: number;
  /** After this no measurement of one controller is repeated; each is made once in any case. */
  readonly seconds: number;
  /** Hosts that workers audit together, and by how many workers. */
  readonly sharedHosts: number;
  readonly workers: readonly number[];
  /** A history of so many hosts, with a small and a large number of audits. */
  readonly historyHosts: number;
  readonly historyRuns: readonly number[];
}

async function bench(): Promise<number> {
  const options = readOptions();
  if (process.env["CURFEW_LAB_RUN"] === undefined) {
    const lacks = machineLacks();
    if (lacks !== null) {
      say(`bench: not possible here, needs ${lacks}`);
      return 1;
    }
    await prepareLab();
    return enterLab([process.execPath, fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
  }
  const lab = await openLab();
  try {
    await measureAll(lab, options);
    return 0;
  } finally {
    await lab.close();
  }
}

const PARTS = ["fleet", "shared", "history"] as const;
type Part = (typeof PARTS)[number];

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true, default: [...PARTS] },
      hosts: { type: "string", default: "10,100,500" },
      "real-hosts": { type: "string", default: "96" },
      seconds: { type: "string", default: "600" },
      "shared-hosts": { type: "string", default: "500" },
      workers: { type: "string", default: "1,2,4" },
      "history-hosts": { type: "string", default: "1000" },
      "history-runs": { type: "string", default: "5,50" },
    },
  });
  const options = {
    parts: PARTS.filter((part) => values.only.includes(part)),
    hosts: wholeNumbers(values.hosts).toSorted((left, right) => left - right),
    realHosts: wholeNumbers(values["real-hosts"])[0] ?? 0,
    seconds: wholeNumbers(values.seconds)[0] ?? 0,
    sharedHosts: wholeNumbers(values["shared-hosts"])[0] ?? 0,
    workers: wholeNumbers(values.workers),
    historyHosts: wholeNumbers(values["history-hosts"])[0] ?? 0,
    historyRuns: wholeNumbers(values["history-runs"]),
  };
  if (options.parts.length === new Set(values.only).size && options.historyRuns.length === 2) return options;
  throw new Error(`--only takes ${PARTS.join(", ")}; --history-runs takes a small and a large number`);
}

function wholeNumbers(text: string): number[] {
  const numbers = text.split(",").map(Number);
  if (numbers.every((value) => Number.isInteger(value) && value > 0)) return numbers;
  throw new Error(`${text}: whole numbers above zero, separated by commas`);
}

async function measureAll(lab: Lab, options: Options): Promise<void> {
  const begin = performance.now();
  const load = loadavg().map((each) => each.toFixed(1));
  print(`load of this machine before: ${load.join(" ")}\n\n`);
  const most = Math.max(...options.hosts, options.sharedHosts);
  const places = options.parts.some((part) => part !== "history") ? await manyAddresses(lab, most) : [];
  const measures: Readonly<Record<Part, () => Promise<void>>> = {
    fleet: () => measureFleet(lab, options, places),
    shared: () => measureSharing(lab, options, places),
    history: () => measureHistories(options),
  };
  for (const part of options.parts) await measures[part]();
  say(`bench: ${Math.round((performance.now() - begin) / 1000)} s`);
}

/** One controller: starting, reading, changing. */
async function measureFleet(
  lab: Lab,
  { hosts, realHosts, seconds }: Options,
  places: readonly Place[],
): Promise<void> {
  const begin = performance.now();
  const spentAfter = (share: number) => (): boolean => performance.now() - begin > seconds * 1000 * share;
  const startUp = await measureStartUp(15);
  const gate = await measureGate(40);
  say(`bench: booting ${realHosts} hosts`);
  const real = await bootHosts(lab, realHosts);
  // First, because it also fills the compile cache for the rest.
  say("bench: round trips");
  const trips = await countRoundTrips(lab, places.slice(0, 1));
  say(`bench: apply and revert on ${realHosts} hosts`);
  // A further host is measured from a third of them on: before that, most code runs for its first time.
  const sizes = realHosts > 4 ? [Math.floor(realHosts / 3), realHosts] : [realHosts];
  await measureChanging(lab, real, [1], () => true);
  const changings = await measureChanging(lab, real, sizes, spentAfter(0.4));
  await Promise.all(real.map((host) => host.stop()));
  say(`bench: plan and audit of ${hosts.join(", ")} hosts`);
  const readings = await measureReading(lab, places, hosts, spentAfter(1));
  print(tableText([...readings, ...changings].flatMap(({ rows }) => rows)));
  print(`\n${tripsText(trips)}\n${gateText(gate)}`);
  print(`\n${goalsText([...allGoals(startUp, readings, changings), ...gateGoals(gate)])}\n`);
  say("bench: the HTML report");
  print(`${await reportPageText()}\n`);
}

async function measureSharing(lab: Lab, options: Options, places: readonly Place[]): Promise<void> {
  const { sharedHosts, workers } = options;
  const lacks = await postgresLacks();
  if (lacks !== null) return say(`bench: no shared audits, which need ${lacks}`);
  say(`bench: audits of ${sharedHosts} hosts by ${workers.join(", ")} workers`);
  const cost = await measureShared(lab, places.slice(0, sharedHosts), workers);
  print(`${sharedText(cost)}\n${goalsText(sharedGoals(cost))}\n`);
}

async function measureHistories({ historyHosts, historyRuns: [few = 0, many = 0] }: Options): Promise<void> {
  const costs: HistoryCost[] = [];
  for (const name of ["SQLite", "PostgreSQL"] as const) {
    const lacks = name === "SQLite" ? null : await postgresLacks();
    say(
      `bench: ${name} with ${historyHosts} hosts and ${many} audits${lacks === null ? "" : `: needs ${lacks}`}`,
    );
    if (lacks === null) costs.push(await measureHistory(name, historyHosts, [few, many], 3));
  }
  print(`${tableText(costs.flatMap(({ rows }) => rows))}\n${storesText(costs)}`);
  print(`\n${goalsText(costs.flatMap(historyGoals))}\n`);
}

/** A few at a time: machines that boot all at once are slower, and some would not be ready in time. */
async function bootHosts(lab: Lab, count: number): Promise<LabHost[]> {
  const booted: LabHost[] = [];
  while (booted.length < count) {
    const batch = Array.from({ length: Math.min(8, count - booted.length) });
    booted.push(...(await Promise.all(batch.map(() => lab.host({ release: "trixie" })))));
  }
  return booted;
}

function print(text: string): void {
  process.stdout.write(text);
}

process.exitCode = await bench();
