/**
 * `npm run campaign`: a kill at every single command of a change. `npm run campaign -- --faults N [--seed S]
 * [--hosts NAME,…] [--minutes M]`: N random faults on real hosts of every release, layout and init, each judged; the
 * same seed and hosts give the same faults. Exit code 0: nothing was wrong; 2: something was.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { enterLab, prepareLab, runToEnd, say } from "../lab/enter.ts";
import { openLab } from "../lab/lab.ts";
import { machineLacks } from "../lab/packages.ts";
import { HOSTS, openBench, play, type Tried } from "./field.ts";
import { described, tally } from "./tally.ts";

interface Options {
  readonly faults: number;
  readonly seed: number;
  readonly minutes: number;
  readonly hosts: readonly string[];
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      faults: { type: "string" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      minutes: { type: "string", default: "600" },
      hosts: { type: "string", default: HOSTS.join(",") },
    },
  });
  const number = (text: string): number => {
    if (/^\d+$/u.test(text)) return Number(text);
    throw new Error(`campaign: ${text} is not a number`);
  };
  const hosts = values.hosts.split(",");
  const stranger = hosts.find((name) => !HOSTS.includes(name));
  if (stranger !== undefined) throw new Error(`campaign: ${stranger} is not one of ${HOSTS.join(", ")}`);
  return {
    faults: number(values.faults ?? "0"),
    seed: number(values.seed),
    minutes: number(values.minutes),
    hosts,
  };
}

/** Two hosts at a time, each with its share of the seeds, one after the other. */
async function campaign({ faults, seed, minutes, hosts }: Options): Promise<Tried[]> {
  const until = performance.now() + minutes * 60_000;
  const tried: Tried[] = [];
  const lab = await openLab();
  const shares = hosts.map((name, index) => ({ name, first: index }));
  const worker = async (): Promise<void> => {
    for (let share = shares.shift(); share !== undefined; share = shares.shift()) {
      if (performance.now() > until || share.first >= faults) continue;
      const bench = await openBench(lab, share.name);
      for (let at = share.first; at < faults && performance.now() < until; at += hosts.length) {
        const one = await play(bench, seed + at);
        tried.push(one);
        for (const line of described(one)) say(line);
        say(`campaign: ${tried.length} of ${faults}: ${share.name}, ${one.trial.fault} at ${one.trial.step}`);
      }
      await bench.host.stop();
    }
  };
  await Promise.all([worker(), worker()]);
  await lab.close();
  return tried;
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
  const tried = await campaign(options);
  say(`campaign: seed ${options.seed}, hosts ${options.hosts.join(",")}`);
  for (const line of tally(tried)) process.stdout.write(`${line}\n`);
  return tried.some(({ complaints }) => complaints.length > 0) ? 2 : 0;
}

process.exitCode = await main();
