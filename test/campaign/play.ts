/** One trial: a command is disturbed, the host comes to rest, and what is then is judged. */
import { type Call, hasReached, type Running } from "../e2e/curfew.ts";
import { type Bench, copyOf, within } from "./bench.ts";
import { RELOAD } from "./daemon-faults.ts";
import { type Edit, takeEdit } from "./edits.ts";
import { clear, mend, prepare, strike } from "./faults.ts";
import {
  type Complaint,
  daemonHas,
  falsePass,
  falseStatement,
  leftovers,
  lockOut,
  saidOf,
  settled,
  type State,
  stateOf,
  type States,
} from "./judge.ts";
import type { Ground } from "./scene.ts";
import { type Trial, trialOf } from "./trial.ts";

/** One trial and what was wrong after it. */
export interface Tried {
  readonly trial: Trial;
  readonly host: string;
  readonly path: string;
  /** Whether the fault could be done: the command came to its step, and the host has such a thing. */
  readonly struck: boolean;
  readonly complaints: readonly Complaint[];
  readonly seconds: number;
}

/** What a trial came to. */
interface Played {
  readonly call: Call;
  readonly struck: boolean;
  /** Calls of other controllers. */
  readonly others: readonly Call[];
  /** Whether the host came to rest by itself. */
  readonly rests: boolean;
}

/** Plays the trial of a seed on a host that is in one of the two states, and proves that it is in one again. */
export async function play(bench: Bench, seed: number): Promise<Tried> {
  const begin = performance.now();
  const trial = trialOf(seed);
  const path = bench.files[Math.floor(trial.file * bench.files.length)] ?? "";
  const complaints = [...(await bringTo(bench, trial.command === "apply" ? "before" : "after"))];
  let struck = false;
  if (complaints.length === 0) {
    const played = await disturbed(bench, trial, path);
    struck = played.struck;
    complaints.push(...(await judge(bench, trial, path, played)));
    complaints.push(...(await comeNext(bench, trial, played.rests)));
  }
  bench.clean = complaints.length === 0;
  return { trial, host: bench.name, path, struck, complaints, seconds: (performance.now() - begin) / 1000 };
}

/** Undisturbed: it has to work. */
async function bringTo(bench: Bench, start: State): Promise<Complaint[]> {
  if (bench.now === start) return [];
  const command = start === "after" ? "apply" : "revert";
  const call = await bench.desk.run([command, "--yes", "--json"]);
  bench.now = start;
  return worked(call) ? [] : [{ wrong: "between", words: `an undisturbed ${command}: ${textOf(call)}` }];
}

function worked(call: Call): boolean {
  return ["confirmed", "unchanged"].includes(saidOf(call)?.outcome ?? "");
}

function textOf({ stdout, stderr }: Call): string {
  return (stdout === "" ? stderr : stdout).replaceAll(/\s+/gu, " ").slice(0, 600);
}

async function disturbed({ host, desk, other }: Bench, trial: Trial, path: string): Promise<Played> {
  const ground: Ground = { host, trial, path };
  await prepare(ground);
  const others: Call[] = [];
  const run = desk.start(argumentsOf(trial));
  let striking: Promise<boolean> | undefined;
  run.onProgress((seen) => {
    if (striking === undefined && hasReached(seen, trial.step))
      striking = strike({ ...ground, run, other, others });
  });
  const call = await ended(run);
  const struck = (await striking) ?? false;
  await mend(ground);
  const rests = await settled(host, within() + 70);
  await clear(ground);
  return { call, struck, others, rests };
}

function argumentsOf({ command }: Trial): string[] {
  return command === "verify"
    ? ["verify", "--scaled", "15", "--sessions", "idle-shell", "--json", "--events"]
    : [command, "--yes", "--json", "--events", "--confirm-within", `${within()}s`];
}

/** A run that outlives everything is ended, and was wrong. */
async function ended(run: Running): Promise<Call> {
  const limit = setTimeout(() => run.kill("SIGKILL"), 400_000);
  try {
    return await run.done;
  } finally {
    clearTimeout(limit);
  }
}

async function judge(bench: Bench, trial: Trial, path: string, played: Played): Promise<Complaint[]> {
  const { lab, host, states } = bench;
  const { call, others, struck, rests } = played;
  const closed = await lockOut(lab, host);
  const daemon = rests ? await daemonHas(host) : "none";
  const edit = await takeEdit(host, trial);
  if (trial.fault === "somebody removes a file" && struck) await putBack(bench, path);
  const [state, differences] = await stateOf(host, states, false);
  // Files that somebody wrote are younger than what sshd has read, and whoever wrote them would say so to sshd.
  if (trial.fault.startsWith("somebody")) await host.exec(RELOAD);
  bench.now = state;
  return [
    ...closed,
    ...lost(edit, path, [...others, call]),
    ...between(state, differences.join(", ")),
    ...(rests ? unread(daemon, state) : []),
    ...said(trial, struck, [...others, call], state),
  ];
}

function between(state: State, words: string): Complaint[] {
  return state === "between" ? [{ wrong: "between", words }] : [];
}

function unread(daemon: State | "none", state: State): Complaint[] {
  if (daemon === "none" || daemon === state) return [];
  return [{ wrong: "between", words: `sshd has read the files of ${daemon}, and the host is ${state}` }];
}

/** What somebody removed may stay so: it is put back as it was in the state that all others are in. */
async function putBack({ host, states }: Bench, path: string): Promise<void> {
  if ((await host.exec(`[ -e ${path} ]`)).exitCode === 0) return;
  const without = (digest: States["before"]): States["before"] =>
    Object.fromEntries(Object.entries(digest).filter(([each]) => each !== path));
  const [state] = await stateOf(
    host,
    { before: without(states.before), after: without(states.after) },
    false,
  );
  if (state !== "between" && path in states[state])
    await host.exec(`cp -a ${path.replace("/etc", copyOf(state))} ${path}`);
}

/** Somebody's work is in its file, or in a copy beside it that was told of. */
function lost({ written, files, copies }: Edit, path: string, calls: readonly Call[]): Complaint[] {
  if (written && files.length + copies.length === 0)
    return [{ wrong: "lost edit", words: `the line of somebody in ${path} is gone` }];
  const spoke = calls.filter((call) => saidOf(call) !== undefined);
  const untold = copies.filter(
    (copy) => spoke.length > 0 && !spoke.some(({ stdout }) => stdout.includes(copy)),
  );
  return untold.map((copy) => ({ wrong: "false statement", words: `${copy} was not told of` }));
}

function said(trial: Trial, struck: boolean, calls: readonly Call[], state: State): Complaint[] {
  const { command, next } = trial;
  const [call] = calls.slice(-1) as [Call];
  if (command === "verify") return struck ? falsePass(call, trial) : [];
  if (calls.length === 1) return falseStatement(call, command, state);
  // What another one did later is not what the first said: one that changed the host was the last.
  const wins = [next, command].filter((_, index) => saidOf(calls[index] as Call)?.outcome === "confirmed");
  const targets: State[] = wins.map((one) => (one === "apply" ? "after" : "before"));
  if (state === "between" || targets.length === 0 || targets.includes(state)) return [];
  return [
    { wrong: "false statement", words: `${wins.join(" and ")} said confirmed, and the host is ${state}` },
  ];
}

/** Whoever comes next finishes what is left: to the last name the host is in one state, and nothing is left. */
async function comeNext(bench: Bench, { next }: Trial, rests: boolean): Promise<Complaint[]> {
  const { host, desk, states } = bench;
  const left = await leftovers(host, bench.now);
  const told: Complaint[] = [];
  if (left.length > 0 || bench.now === "between") {
    const call = await desk.run([next, "--yes", "--json"]);
    const [state] = await stateOf(host, states, true);
    told.push(
      ...(worked(call)
        ? falseStatement(call, next, state)
        : [{ wrong: "between" as const, words: `the next ${next}: ${textOf(call)}` }]),
    );
  }
  const [state, differences] = await stateOf(host, states, true);
  bench.now = state;
  const rest = await leftovers(host, state);
  return [
    ...told,
    ...between(state, `to the last name: ${differences.join(", ")}`),
    ...unread(await daemonHas(host), state),
    ...[
      ...(rest.length === 0 ? [] : [rest.join(", ")]),
      ...(rests ? [] : [`it did not come to rest by itself: ${left.join(", ")}`]),
    ].map((words) => ({ wrong: "leftover" as const, words })),
  ];
}
