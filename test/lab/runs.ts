/**
 * Runs: everything one invocation of the lab owns lives under one directory, `<state>/<id>.<pid>.<start>`,
 * whose name says who owns it, so that leftovers of a dead owner can be told from the hosts of a live one.
 * Inside: `hosts/<number>.<pid>.<start>` per host (each with its own owner: a run is shared by test workers),
 * `taken/<number>` for numbers given out, `labs/*` for keys and client configuration.
 */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { execa } from "execa";

/** `netns` is the controller's network namespace, the only place from which hosts can be reached. */
export interface Run {
  readonly id: string;
  readonly dir: string;
  readonly netns: string;
}

const downScript = join(import.meta.dirname, "down.sh");

/** Where runs live: CURFEW_LAB_STATE, else /var/lib/curfew-lab. On disk, for overlays can grow. */
function stateDir(): string {
  return process.env["CURFEW_LAB_STATE"] ?? "/var/lib/curfew-lab";
}

/** A new run owned by this process; only its directory is made here. */
export async function createRun(): Promise<Run> {
  const id = randomBytes(3).toString("hex");
  const dir = join(stateDir(), `${id}.${ownerMark(process.pid)}`);
  await mkdir(stateDir(), { recursive: true, mode: 0o700 });
  await mkdir(join(dir, "hosts"), { recursive: true });
  await mkdir(join(dir, "taken"));
  await mkdir(join(dir, "labs"));
  return runAt(dir);
}

/** The run whose directory is `dir`, as another process made it. */
export function runAt(dir: string): Run {
  const id = basename(dir).split(".")[0] ?? "";
  return { id, dir, netns: `curfew-${id}` };
}

/** Takes a host number nobody in this run ever had, from 10 on, and makes the host's directory. */
export async function takeHostDir(run: Run): Promise<{ number: number; dir: string }> {
  for (let number = 10; number < 60_000; number += 1) {
    const made = await mkdir(join(run.dir, "taken", String(number))).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "EEXIST") return false;
        throw error;
      },
    );
    if (!made) continue;
    const dir = join(run.dir, "hosts", `${number}.${ownerMark(process.pid)}`);
    await mkdir(dir);
    return { number, dir };
  }
  throw new Error("the lab has no host number left");
}

/** Takes one host away: processes, control groups, link, namespace, directory. May be repeated. */
export async function downHost(run: Run, dir: string): Promise<void> {
  await execa("sh", [downScript, ...downHostArguments(run, dir)], { stdin: "ignore" });
}

/** Kills every process of the host in `dir`, as a power loss would; files and network stay. */
export async function killHost(run: Run, dir: string): Promise<void> {
  await execa("sh", [downScript, "kill", hostNetns(run, numberOf(dir))], { stdin: "ignore" });
}

/** Takes a whole run away. May be repeated. */
export async function downRun(run: Run): Promise<void> {
  await execa("sh", [downScript, "run", run.dir, run.id], { stdin: "ignore" });
}

/** The same two, for a process that is exiting and can wait for nothing. */
export function downHostNow(run: Run, dir: string): void {
  spawnSync("sh", [downScript, ...downHostArguments(run, dir)], { stdio: "ignore" });
}
export function downRunNow(run: Run): void {
  spawnSync("sh", [downScript, "run", run.dir, run.id], { stdio: "ignore" });
}

/** The name of a host's network namespace, control groups and machine. */
export function hostNetns(run: Run, number: number): string {
  return `${run.netns}-${number}`;
}

/**
 * Removes what dead owners left: whole runs, and in `current` the hosts of workers that were killed.
 * Returns whether any other run is alive.
 */
export async function reap(current?: Run): Promise<boolean> {
  let othersLive = false;
  for (const name of await readdir(stateDir()).catch(() => [])) {
    const run = runAt(join(stateDir(), name));
    if (run.dir === current?.dir) continue;
    if (isOwnerAlive(name)) othersLive = true;
    else await downRun(run);
  }
  if (current === undefined) return othersLive;
  for (const name of await readdir(join(current.dir, "hosts"))) {
    if (!isOwnerAlive(name)) await downHost(current, join(current.dir, "hosts", name));
  }
  return othersLive;
}

function downHostArguments(run: Run, dir: string): string[] {
  const number = numberOf(dir);
  return ["host", dir, hostNetns(run, number), `host${number}`, run.netns];
}

function numberOf(dir: string): number {
  return Number(basename(dir).split(".")[0]);
}

/**
 * Process id and start time in clock ticks since boot: a reused process id does not look alive.
 * Throws when the process is gone, or dead and merely not yet collected by its parent.
 */
function ownerMark(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // the second field is the program's name in parentheses and may contain anything
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") throw new Error(`process ${pid} is dead`);
  return `${pid}.${fields[19]}`;
}

/** A name this lab did not make counts as alive: it is not ours to remove. */
function isOwnerAlive(name: string): boolean {
  const match = /^[0-9a-f]+\.(\d+)\.(\d+)$/.exec(name);
  if (match === null) return true;
  try {
    return name.endsWith(`.${ownerMark(Number(match[1]))}`);
  } catch {
    return false;
  }
}
