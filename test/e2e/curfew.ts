/** Runs curfew itself, as a person would, against lab hosts: the real program, its own process. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import type { LabHost } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";
import { programPath } from "../lab/program.ts";

export const PROGRAM = programPath();

/** The program's own start is most of what a call takes of a processor: its compiled form is kept for a run of the lab. */
const RUN = process.env["CURFEW_LAB_RUN"];
export const COMPILED: Readonly<Record<string, string>> =
  RUN === undefined ? {} : { NODE_COMPILE_CACHE: join(RUN, "compiled") };

/** The releases that every claim about behaviour is tested on, oldest OpenSSH first. */
export const RELEASES = ["bullseye", "bookworm", "trixie", "sid"] as const;

/** What one call of curfew left behind. */
export interface Call {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
  /** The signal that ended it, if one did. */
  readonly signal: string | undefined;
}

/** A call that is still going on. */
export interface Running {
  readonly done: Promise<Call>;
  kill(signal: "SIGKILL" | "SIGINT" | "SIGSTOP" | "SIGCONT"): void;
  /** Hears all of standard error so far, whenever there is more. */
  onProgress(listener: (stderr: string) => void): void;
}

/** A directory with a policy and an inventory, and the program to use them with. */
export interface Desk {
  readonly dir: string;
  readonly policy: string;
  readonly inventory: string;
  /** Runs `curfew ARGS`; `-p`, `-i`, `--ssh-config` are given where the command takes them. */
  run(args: readonly string[], options?: { readonly input?: string }): Promise<Call>;
  /** The same, not awaited, for runs that are interrupted. */
  start(args: readonly string[]): Running;
  setPolicy(text: string): Promise<void>;
  setInventory(text: string): Promise<void>;
}

let desks = 0;

/** A fresh desk with `hosts` in its inventory, reached as root. */
export async function openDesk(lab: Lab, hosts: readonly LabHost[], policy: string): Promise<Desk> {
  desks += 1;
  const dir = join(lab.dir, `desk-${process.pid}-${desks}`);
  await mkdir(dir);
  const desk: Desk = {
    dir,
    policy: join(dir, "policy.yaml"),
    inventory: join(dir, "inventory.yaml"),
    start: (args) => start(lab, desk, args),
    run: (args, options = {}) => start(lab, desk, args, options.input).done,
    setPolicy: (text) => writeFile(desk.policy, text),
    setInventory: (text) => writeFile(desk.inventory, text),
  };
  await desk.setPolicy(policy);
  await desk.setInventory(inventoryOf(hosts));
  return desk;
}

/** An inventory in curfew's YAML; `user` is the login name. */
function inventoryOf(hosts: readonly Pick<LabHost, "name">[], user = "root"): string {
  const entries = hosts.map(({ name }) => `    ${name}:\n`).join("");
  return `all:\n  vars:\n    ansible_user: ${user}\n  hosts:\n${entries}`;
}

/** The one JSON document of a call with `--json`. */
export function documentOf(call: Call): any {
  try {
    return JSON.parse(call.stdout);
  } catch {
    throw new Error(`no JSON on standard output (exit ${call.exitCode}):\n${call.stdout}\n${call.stderr}`);
  }
}

/** The outcome of each host, by name. */
export function outcomes(call: Call): Record<string, string> {
  const hosts: { host: string; outcome: string }[] = documentOf(call).hosts;
  return Object.fromEntries(hosts.map(({ host, outcome }) => [host, outcome]));
}

/** Events of `--events` so far, from standard error. */
function eventsIn(stderr: string): { type: string; step?: string; host?: string }[] {
  return stderr.split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}

/** Whether a run with `--events` has told of a step, by its standard error so far. */
export function hasReached(seen: string, step: string): boolean {
  return eventsIn(seen).some((event) => event.type === "host-step" && event.step === step);
}

/** Resolves when the run has told of a step; fails where it ends first. */
export function reached(run: Running, step: string): Promise<void> {
  return new Promise((resolve, reject) => {
    run.onProgress((seen) => {
      if (hasReached(seen, step)) resolve();
    });
    void run.done.then((call) => reject(new Error(`ended before "${step}": ${call.stderr}`)));
  });
}

/** Logs in anew as `user` with the system's own client and runs `true`; the proof that nobody is locked out. */
export async function canLogIn(lab: Lab, host: LabHost, user = "root"): Promise<boolean> {
  const { exitCode } = await execa(
    "ssh",
    [
      "-F",
      lab.sshConfigPath,
      "-o",
      "ConnectTimeout=5",
      "-o",
      "BatchMode=yes",
      `${user}@${host.name}`,
      "true",
    ],
    { reject: false, stdin: "ignore" },
  );
  return exitCode === 0;
}

/** The paths under /etc that differ between two digests. */
export function etcDifferences(before: Record<string, string>, after: Record<string, string>): string[] {
  const paths = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...paths].filter((path) => before[path] !== after[path]).toSorted();
}

/** Runs `curfew ARGS` as they are, with no files of a desk. */
export function runCurfew(lab: Lab, args: readonly string[]): Promise<Call> {
  return launch(lab.dir, args).done;
}

function start(lab: Lab, desk: Desk, args: readonly string[], input = ""): Running {
  return launch(desk.dir, withFiles(lab, desk, args), input);
}

function launch(dir: string, args: readonly string[], input = ""): Running {
  const begin = performance.now();
  const child = execa(process.execPath, [PROGRAM, ...args], {
    reject: false,
    input,
    env: { ...COMPILED, XDG_STATE_HOME: join(dir, "state"), NO_COLOR: "1", CURFEW_DEBUG: "1" },
  });
  const done = child.then(({ exitCode, stdout, stderr, signal }) => {
    return { exitCode, stdout, stderr, signal, seconds: (performance.now() - begin) / 1000 };
  });
  let seen = "";
  return {
    done,
    kill: (signal) => void child.kill(signal),
    onProgress: (listener) => {
      child.stderr.on("data", (chunk: Buffer) => {
        seen += chunk.toString();
        listener(seen);
      });
    },
  };
}

/** Adds the desk's files where a command takes them and was not given others. */
function withFiles(lab: Lab, desk: Desk, [command = "", ...rest]: readonly string[]): string[] {
  const savedPlan = command === "apply" && rest[0]?.endsWith(".json") === true;
  const policy = command === "revert" || savedPlan ? [] : ["-p", desk.policy];
  const inventory = savedPlan ? [] : ["-i", desk.inventory];
  return [command, ...policy, ...inventory, "--ssh-config", lab.sshConfigPath, ...rest];
}
