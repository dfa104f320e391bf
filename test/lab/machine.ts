/** One machine's lives: mount its files, boot it, know when it answers, reach into it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { inNetns } from "./network.ts";
import { hostNetns, killHost, type Run } from "./runs.ts";
import { patient } from "../patience.ts";

export interface Machine {
  readonly run: Run;
  readonly number: number;
  readonly dir: string;
  /** the image's directory */
  readonly image: string;
  readonly init: "systemd" | "none" | "own";
  readonly hostname: string;
  readonly address: string;
  readonly port: number;
}

/**
 * From power-on to power-off, reboots from inside included. `ended` says how, once it did.
 * `mayReboot` is set to false by whoever is about to end it.
 */
export interface Life {
  supervisor: number;
  mayReboot: boolean;
  ended: string | null;
  readonly end: Promise<void>;
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export interface ExecOptions {
  /** standard input of the script; without it the script itself comes on standard input */
  readonly input?: string;
  /** default 60 */
  readonly timeoutSeconds?: number;
}

const environment = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C";
/** systemd-nspawn leaves starting anew to whoever started it (EXIT_FORCE_RESTART). */
const rebootExitCode = 133;
const bootScript = join(import.meta.dirname, "boot.sh");

/**
 * Boots and waits until sshd's banner came over the lab's network and, with systemd, until start-up is complete.
 * Throws after `timeoutSeconds`, or at once when the machine dies, with the reason and its last console lines.
 */
export async function boot(machine: Machine, timeoutSeconds: number): Promise<Life> {
  const life = await powerOn(machine);
  const deadline = Date.now() + timeoutSeconds * 1000;
  const step = async (what: string, done: () => Promise<boolean>): Promise<void> => {
    while (!(await done())) {
      const late = Date.now() > deadline ? `${what} took longer than ${timeoutSeconds} s` : null;
      const reason = life.ended ?? late;
      if (reason !== null)
        throw new Error(`${machine.hostname} did not boot: ${reason}\n${await consoleTail(machine)}`);
      await sleep(50);
    }
  };
  // one real connection only, made when it will succeed: servers from 9.8 on punish knocking
  await step("listening on the SSH port", () => isListening(life, machine.port));
  await step("the SSH banner", () => hasBanner(machine));
  if (machine.init === "systemd") await step("completing start-up", () => isStartedUp(life));
  return life;
}

/** Process id of the machine's first process, as seen from here; null while there is none. */
export async function leaderOf(life: Life): Promise<number | null> {
  const pid = life.supervisor;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  for (const child of children.split(" ").filter((word) => word !== "")) {
    const status = await readFile(`/proc/${child}/status`, "utf8").catch(() => "");
    if (/^NSpid:\t\d+\t1$/m.test(status)) return Number(child);
  }
  return null;
}

/** Runs a sh script as root inside the machine, not through SSH. Throws when the machine is off. */
export async function execInside(life: Life, script: string, options: ExecOptions = {}): Promise<ExecResult> {
  const leader = life.ended === null ? await leaderOf(life) : null;
  if (leader === null) throw new Error("the machine is off: nothing can be run in it");
  const enter = `-t ${leader} -m -u -i -n -p -r -w -- env -i ${environment}`.split(" ");
  const seconds = String(options.timeoutSeconds ?? 60);
  const shell = options.input === undefined ? ["-s"] : ["-c", script];
  const args = [...enter, "timeout", "-k", "2", seconds, "/bin/sh", ...shell];
  const input = options.input ?? script;
  return collect(await execa("nsenter", args, { input, reject: false, stripFinalNewline: false, cwd: "/" }));
}

/**
 * Gives `use` a machine that is off: `root` is a path through which this process can read and write its files,
 * `run` executes a sh script with those files as `/` and throws when it fails. The mount is gone afterwards.
 */
export async function offline<T>(
  machine: Machine,
  use: (root: string, run: (script: string) => Promise<string>) => Promise<T>,
): Promise<T> {
  const holder = spawn("sh", [bootScript, "hold", machine.dir, machine.image], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  const gone = once(holder, "close");
  try {
    const [first] = (await Promise.race([once(holder.stdout, "data"), gone])) as [unknown];
    if (!String(first).startsWith("ready"))
      throw new Error(`mounting the files of ${machine.hostname} failed`);
    const root = `/proc/${holder.pid}/root${join(machine.dir, "merged")}`;
    const run = async (script: string): Promise<string> => {
      const options = { input: script, cwd: "/", env: { LC_ALL: "C" } };
      return (await execa("chroot", [root, "/bin/sh", "-s"], options)).stdout;
    };
    return await use(root, run);
  } finally {
    holder.stdin.end();
    await gone;
  }
}

async function powerOn(machine: Machine): Promise<Life> {
  const { promise: end, resolve } = Promise.withResolvers<void>();
  const life: Life = { supervisor: 0, mayReboot: true, ended: null, end };
  const onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
    const reboots = code === rebootExitCode && life.mayReboot;
    const ending = signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
    const off = (reason: unknown): void => {
      life.ended = String(reason);
      resolve();
    };
    if (reboots) startSupervisor(machine, life, onExit).catch(off);
    else off(ending);
  };
  await startSupervisor(machine, life, onExit);
  return life;
}

async function startSupervisor(
  machine: Machine,
  life: Life,
  onExit: (code: number | null, signal: NodeJS.Signals | null) => void,
): Promise<void> {
  // what a life before left in its control groups would keep this one from joining them
  await killHost(machine.run, machine.dir);
  const netns = hostNetns(machine.run, machine.number);
  const screen = await open(join(machine.dir, "console.log"), "a");
  const args = ["start", machine.init, machine.dir, machine.image, netns, netns, machine.hostname];
  // detached: a Ctrl-C at the controller's terminal must not reach the machines
  const child = spawn("sh", [bootScript, ...args], {
    stdio: ["ignore", screen.fd, screen.fd],
    detached: true,
  });
  child.once("exit", onExit);
  await once(child, "spawn");
  await screen.close();
  child.unref();
  life.supervisor = child.pid ?? 0;
}

async function isListening(life: Life, port: number): Promise<boolean> {
  const leader = await leaderOf(life);
  if (leader === null) return false;
  const wanted = new RegExp(`:${port.toString(16).toUpperCase().padStart(4, "0")} [0-9A-F]+:0000 0A `);
  for (const table of ["tcp", "tcp6"]) {
    if (wanted.test(await readFile(`/proc/${leader}/net/${table}`, "utf8").catch(() => ""))) return true;
  }
  return false;
}

async function hasBanner(machine: Machine): Promise<boolean> {
  const read = `exec 3<>/dev/tcp/${machine.address}/${machine.port} && read -t 5 -r line <&3 && printf %s "$line"`;
  const [file, ...args] = inNetns(machine.run.netns);
  const { stdout } = await execa(file, [...args, "bash", "-c", read], { reject: false, stdin: "ignore" });
  return stdout.startsWith("SSH-");
}

async function isStartedUp(life: Life): Promise<boolean> {
  const { stdout } = await execInside(life, "systemctl is-system-running --wait", {
    timeoutSeconds: patient(20),
  });
  return ["running", "degraded"].includes(stdout.trim());
}

async function consoleTail(machine: Machine): Promise<string> {
  const text = await readFile(join(machine.dir, "console.log"), "utf8").catch(() => "");
  // systemd colours its lines
  const lines = text.replaceAll(/\u001B\[[0-9;?]*[a-zA-Z]/g, "").split(/\r?\n/);
  const last = lines.filter((line) => line.trim() !== "").slice(-15);
  return last.length === 0 ? "its console is empty" : `last lines of its console:\n  ${last.join("\n  ")}`;
}

function collect(result: { stdout: string; stderr: string; exitCode?: number | undefined }): ExecResult {
  return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode ?? 255 };
}
