/** Hosts for trials, and one trial after the other on each of them. */
import { type Call, type Desk, eventsIn, openDesk, outcomes, type Running } from "../e2e/curfew.ts";
import { FAMILIES, type Family, familyHost } from "../lab/families.ts";
import type { HostSpec, LabHost } from "../lab/host.ts";
import { releases } from "../lab/image.ts";
import { withInit } from "../lab/inits.ts";
import type { Lab } from "../lab/lab.ts";
import { patient } from "../patience.ts";
import { mend, strike } from "./faults.ts";
import {
  type Complaint,
  falseStatement,
  leftovers,
  lockOut,
  settled,
  stateOf,
  type States,
  takeEdit,
} from "./judge.ts";
import { type Trial, trialOf } from "./trial.ts";

const POLICY = `
name: campaign
defaults: { client_idle_timeout: 15m, unresponsive_timeout: 3m }
roles:
  admin: { users: [root], client_idle_timeout: 10m }
`;

/** Every host that the campaign knows: releases, layouts, inits. */
export const HOSTS: readonly string[] = [...releases, ...FAMILIES, "sysvinit", "runit"];

interface Bench {
  readonly lab: Lab;
  readonly name: string;
  readonly host: LabHost;
  readonly desk: Desk;
  readonly other: Desk;
  readonly states: States;
}

/** One trial and what was wrong after it. */
export interface Tried {
  readonly trial: Trial;
  readonly host: string;
  readonly complaints: readonly Complaint[];
}

/** Seconds that the guard waits for its confirmation. */
const within = (): number => Math.min(patient(7), 25);

export async function openBench(lab: Lab, name: string): Promise<Bench> {
  const host = await lab.host(specOf(name));
  const [desk, other] = [await openDesk(lab, [host], POLICY), await openDesk(lab, [host], POLICY)];
  const before = await host.etcDigest();
  await must(await desk.run(["apply", "--yes", "--json"]), host);
  const after = await host.etcDigest();
  await must(await desk.run(["revert", "--yes", "--json"]), host);
  return { lab, name, host, desk, other, states: { before, after } };
}

function specOf(name: string): HostSpec {
  if (name === "sysvinit" || name === "runit") return withInit(name);
  const release = releases.find((each) => each === name);
  return release === undefined ? familyHost(name as Family) : { release };
}

async function must(call: Call, host: LabHost): Promise<void> {
  if (outcomes(call)[host.name] !== "confirmed")
    throw new Error(`${host.name}: ${call.stdout}${call.stderr}`);
}

/** Plays the trial of a seed: the host is as before in the beginning, and, unless it says otherwise, in the end. */
export async function play(bench: Bench, seed: number): Promise<Tried> {
  const trial = trialOf(seed);
  const { host, desk } = bench;
  if (trial.command === "revert" || trial.fault === "verify is killed") {
    await must(await desk.run(["apply", "--yes", "--json"]), host);
  }
  const call = await disturbed(bench, trial);
  await mend({ host, trial });
  await settled(host, within() + 40);
  const complaints = await judge(bench, trial, call);
  return { trial, host: bench.name, complaints: [...complaints, ...(await restore(bench))] };
}

async function disturbed({ host, desk, other }: Bench, trial: Trial): Promise<Call> {
  const run = desk.start(argumentsOf(trial));
  let struck: Promise<void> | undefined;
  run.onProgress((seen) => {
    if (struck === undefined && reached(seen, trial)) struck = strike({ host, run, other, trial });
  });
  const call = await ended(run);
  await struck;
  return call;
}

function argumentsOf({ command, fault }: Trial): string[] {
  if (fault === "verify is killed")
    return ["verify", "--scaled", "15", "--sessions", "idle-shell", "--json", "--events"];
  return [command, "--yes", "--json", "--events", "--confirm-within", `${within()}s`];
}

/** Verify has steps of its own. */
function reached(seen: string, { step, fault }: Trial): boolean {
  const wanted = fault === "verify is killed" ? "probing" : step;
  return eventsIn(seen).some((event) => event.type === "host-step" && event.step === wanted);
}

/** A run that outlives everything is ended, and was wrong. */
async function ended(run: Running): Promise<Call> {
  const limit = setTimeout(() => run.kill("SIGKILL"), patient(150_000));
  try {
    return await run.done;
  } finally {
    clearTimeout(limit);
  }
}

async function judge({ lab, host, states }: Bench, trial: Trial, call: Call): Promise<Complaint[]> {
  const closed = await lockOut(lab, host);
  const edited = trial.fault.startsWith("somebody edits") && call.stderr.includes(`"${trial.step}"`);
  const lost = await takeEdit(
    host,
    trial,
    edited && trial.file !== "/etc/ssh/sshd_config.d/00-00-curfew.conf",
  );
  const [state, differences] = await stateOf(host, states);
  const between = state === "between" ? [{ wrong: "between" as const, words: differences.join(", ") }] : [];
  const alone = trial.fault === "verify is killed" || trial.fault === "a second controller changes the host";
  const said = alone ? [] : falseStatement(call, host, trial.command, state);
  return [...closed, ...lost, ...between, ...said];
}

/** Whoever comes next brings the host to the state before, and nothing is left. */
async function restore({ host, desk, states }: Bench): Promise<Complaint[]> {
  const applied = await desk.run(["apply", "--yes", "--json"]);
  const reverted = await desk.run(["revert", "--yes", "--json"]);
  const [state, differences] = await stateOf(host, states);
  const left = await leftovers(host);
  if (state === "before") return left;
  const words = `apply and revert did not bring it back: ${differences.join(", ")}; ${wordsOf(applied)}; ${wordsOf(reverted)}`;
  return [...left, { wrong: "between", words }];
}

function wordsOf({ stdout, stderr }: Call): string {
  return (stdout === "" ? stderr : stdout).replaceAll(/\s+/gu, " ").slice(0, 400);
}
