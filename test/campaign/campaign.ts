/**
 * `npm run campaign`: a kill at every single command of a change. `npm run campaign -- --faults N [--seed S]
 * [--hosts NAME,…] [--minutes M] [--only TEXT]`: N random faults on real hosts of every release, layout and init, each
 * judged; the same seed and hosts give the same faults. `--only`: kinds of fault whose name contains that. Exit code 0: nothing was wrong; 2: something was.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { enterLab, prepareLab, runToEnd, say } from "../lab/enter.ts";
import { type Lab, openLab } from "../lab/lab.ts";
import { machineLacks } from "../lab/packages.ts";
import { HOSTS, openBench } from "./bench.ts";
import { play, type Tried } from "./play.ts";
import { described, named, tally } from "./tally.ts";
import { FAULTS, trialOf } from "./trial.ts";

interface Options {
  readonly faults: number;
  readonly seed: number;
  readonly minutes: number;
  readonly hosts: readonly string[];
  readonly only: string;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      faults: { type: "string" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      minutes: { type: "string", default: "600" },
      hosts: { type: "string", default: HOSTS.join(",") },
      only: { type: "string", default: "" },
    },
  });
  const number = (text: string): number => {
    if (/^\d+$/u.test(text)) return Number(text);
    throw new Error(`campaign: ${text} is not a number`);
  };
  const hosts = values.hosts.split(",");
  if (!FAULTS.some((fault) => fault.includes(values.only)))
    throw new Error(`campaign: no fault has "${values.only}" in its name: ${FAULTS.join(", ")}`);
  const stranger = hosts.find((name) => !HOSTS.includes(name));
  if (stranger !== undefined) throw new Error(`campaign: ${stranger} is not one of ${HOSTS.join(", ")}`);
  return {
    faults: number(values.faults ?? "0"),
    seed: number(values.seed),
    minutes: number(values.minutes),
    hosts,
    only: values.only,
  };
}

/** Two hosts at a time, each with its share of the seeds, one after the other. */
async function campaign({ faults, seed, minutes, hosts, only }: Options): Promise<Tried[]> {
  const until = performance.now() + minutes * 60_000;
  const tried: Tried[] = [];
  const lab = await openLab();
  const wanted = seedsFrom(seed, faults, only);
  const shares = hosts.map((name, index) => ({
    name,
    seeds: wanted.filter((_, at) => at % hosts.length === index),
  }));
  const worker = async (): Promise<void> => {
    for (let share = shares.shift(); share !== undefined; share = shares.shift()) {
      await playAll(lab, share.name, share.seeds, until, (one) => {
        tried.push(one);
        for (const line of described(one)) say(line);
        say(`campaign: ${tried.length} of ${faults}: ${named(one)}`);
      });
    }
  };
  await Promise.all([worker(), worker()]);
  await lab.close();
  return tried;
}

function seedsFrom(first: number, faults: number, only: string): number[] {
  const seeds: number[] = [];
  for (let seed = first; seeds.length < faults; seed += 1) {
    if (trialOf(seed).fault.includes(only)) seeds.push(seed);
  }
  return seeds;
}

/** On one host, or on another of its kind after something was wrong with it. */
async function playAll(
  lab: Lab,
  name: string,
  seeds: readonly number[],
  until: number,
  hear: (one: Tried) => void,
): Promise<void> {
  let bench = seeds.length === 0 ? undefined : await openBench(lab, name);
  for (const seed of seeds) {
    if (performance.now() > until) break;
    if (bench?.clean === false) {
      await bench.host.stop();
      bench = await openBench(lab, name);
    }
    if (bench !== undefined) hear(await play(bench, seed));
  }
  await bench?.host.stop();
}

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  if (!args.some((argument) => argument.startsWith("--faults"))) {
    const tests = fileURLToPath(new URL("../run.ts", import.meta.url));
    return runToEnd(process.execPath, [tests, "--project", "campaign", ...args], process.env);
  }
  const options = readOptions(args);
  if (process.env["CURFEW_LAB_RUN"] === undefined) {
    const lacks = machineLacks();
    if (lacks !== null) throw new Error(`campaign: needs ${lacks}`);
    await prepareLab();
    return enterLab([process.execPath, fileURLToPath(import.meta.url), ...args]);
  }
  const begin = performance.now();
  const tried = await campaign(options);
  const minutes = (performance.now() - begin) / 60_000;
  say(`campaign: seed ${options.seed}, hosts ${options.hosts.join(",")}`);
  say(`campaign: ${tried.length} faults in ${minutes.toFixed(1)} minutes`);
  for (const line of tally(tried)) process.stdout.write(`${line}\n`);
  return tried.some(({ complaints }) => complaints.length > 0) ? 2 : 0;
}

process.exitCode = await main();
