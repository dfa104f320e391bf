/**
 * `npm run bench`: what curfew costs the machine it runs on, beside what the SSH library alone costs in the same
 * run, as a table and as ratios with their goals. A measurement, not a test: it exits 0 whatever comes out.
 *
 *     npm run bench -- [--hosts 10,100,500] [--real-hosts 96] [--seconds 600]
 */
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { enterLab, prepareLab, say } from "../lab/enter.ts";
import type { LabHost } from "../lab/host.ts";
import { type Lab, openLab } from "../lab/lab.ts";
import { machineLacks } from "../lab/packages.ts";
import { measureChanging } from "./changing.ts";
import { manyAddresses } from "./fleet.ts";
import { gateGoals, gateText, measureGate } from "./gate.ts";
import { allGoals } from "./goals.ts";
import { reportPageText } from "./report-page.ts";
import { historyGoals, measureHistory } from "./history.ts";
import { countRoundTrips, measureReading } from "./reading.ts";
import { measureStartUp } from "./start-up.ts";
import { goalsText, tableText, tripsText } from "./table.ts";

interface Options {
  /** Sizes of the fleet that is only read, ascending. */
  readonly hosts: readonly number[];
  /** Real hosts that are changed. */
  readonly realHosts: number;
  /** After this no measurement is repeated; each is made once in any case. */
  readonly seconds: number;
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

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      hosts: { type: "string", default: "10,100,500" },
      "real-hosts": { type: "string", default: "96" },
      seconds: { type: "string", default: "600" },
    },
  });
  const hosts = values.hosts
    .split(",")
    .map(Number)
    .toSorted((left, right) => left - right);
  const [realHosts, seconds] = [Number(values["real-hosts"]), Number(values.seconds)];
  if ([...hosts, realHosts, seconds].every((value) => Number.isInteger(value) && value > 0)) {
    return { hosts, realHosts, seconds };
  }
  throw new Error("--hosts, --real-hosts and --seconds take whole numbers above zero");
}

async function measureAll(lab: Lab, { hosts, realHosts, seconds }: Options): Promise<void> {
  const begin = performance.now();
  const spentAfter = (share: number) => (): boolean => performance.now() - begin > seconds * 1000 * share;
  print(
    `load of this machine before: ${loadavg()
      .map((load) => load.toFixed(1))
      .join(" ")}\n\n`,
  );
  const startUp = await measureStartUp(15);
  const gate = await measureGate(40);
  say(`bench: booting ${realHosts + 1} hosts`);
  const places = await manyAddresses(lab, Math.max(...hosts));
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
  say(`bench: plan of ${hosts.join(", ")} hosts`);
  const readings = await measureReading(lab, places, hosts, spentAfter(1));
  say("bench: a history of 1,000 hosts and 50 audits");
  const history = await measureHistory(1000, [5, 50], 3);
  print(tableText([...readings, ...changings, history].flatMap(({ rows }) => rows)));
  print(`\n${tripsText(trips)}`);
  print(`\n${gateText(gate)}`);
  const goals = [...allGoals(startUp, readings, changings), ...gateGoals(gate), ...historyGoals(history)];
  print(`\n${goalsText(goals)}`);
  say("bench: the HTML report");
  print(`\n${await reportPageText()}`);
  say(`bench: ${Math.round((performance.now() - begin) / 1000)} s`);
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
