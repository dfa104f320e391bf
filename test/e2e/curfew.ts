/** Runs curfew itself, as a person would, against lab hosts: the real program, its own process. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa, type ResultPromise } from "execa";
import type { LabHost } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";

const PROGRAM = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

/** The releases that every claim about behaviour is tested on, oldest OpenSSH first. */
export const RELEASES = ["bullseye", "bookworm", "trixie", "sid"] as const;

/** What one call of curfew left behind. */
export interface Call {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** A directory with a policy and an inventory, and the program to use them with. */
export interface Desk {
  readonly dir: string;
  readonly policy: string;
  readonly inventory: string;
  /** Runs `curfew ARGS`; `-p`, `-i`, `--ssh-config` are given where the command takes them. */
  run(args: readonly string[], options?: { readonly input?: string }): Promise<Call>;
  /** The same, not awaited, for runs that are interrupted. */
  start(args: readonly string[]): ResultPromise<{ reject: false; buffer: true }>;
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
    run: async (args, options = {}) => {
      const begin = performance.now();
      const { exitCode, stdout, stderr } = await start(lab, desk, args, options.input ?? "");
      return { exitCode, stdout, stderr, seconds: (performance.now() - begin) / 1000 };
    },
    setPolicy: (text) => writeFile(desk.policy, text),
    setInventory: (text) => writeFile(desk.inventory, text),
  };
  await desk.setPolicy(policy);
  await desk.setInventory(inventoryOf(hosts));
  return desk;
}

/** An inventory in curfew's YAML; `user` is the login name. */
export function inventoryOf(hosts: readonly Pick<LabHost, "name">[], user = "root"): string {
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
export function eventsIn(stderr: string): { type: string; step?: string; host?: string }[] {
  return stderr.split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
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

/** Every file of curfew's journal that holds `text`; for proving that a secret is nowhere. */
export async function readAll(path: string): Promise<string> {
  return readFile(path, "utf8");
}

function start(
  lab: Lab,
  desk: Desk,
  args: readonly string[],
  input = "",
): ResultPromise<{ reject: false; buffer: true }> {
  const [command = "", ...rest] = args;
  const ours = ["-i", desk.inventory, "--ssh-config", lab.sshConfigPath];
  const policy = command === "revert" || rest.includes("-p") ? [] : ["-p", desk.policy];
  const given = rest.some((word) => word.endsWith("plan.json") && command === "apply")
    ? ["--ssh-config", lab.sshConfigPath]
    : [...policy, ...ours];
  return execa(process.execPath, [PROGRAM, command, ...given, ...rest], {
    reject: false,
    input,
    env: { XDG_STATE_HOME: join(desk.dir, "state"), NO_COLOR: "1", CURFEW_DEBUG: "1" },
  }) as ResultPromise<{ reject: false; buffer: true }>;
}
