/** Getting into the lab: everything a fresh machine needs, then a command inside the controller's namespace. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { ensureDebianPackages } from "./debian-package.ts";
import { ensureDebianTools } from "./debian-tools.ts";
import { ensureImages, pruneImages } from "./image.ts";
import { ensureInits } from "./inits.ts";
import { openRun } from "./lab.ts";
import { inNetns } from "./network.ts";
import { ensurePackages } from "./packages.ts";
import { ensurePostgres } from "./postgres.ts";
import { downRun, downRunNow, reap } from "./runs.ts";

/** Prints progress where it disturbs nobody's output. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Installs packages, makes images, clears leftovers away. Idempotent; a fraction of a second once done. */
export async function prepareLab(): Promise<void> {
  await ensurePackages(say);
  await ensureImages(say);
  // Tests of these inits say what is missing.
  await ensureInits().catch((error: unknown) => say(`lab: ${String(error)}`));
  await ensureDebianPackages(say);
  await ensureDebianTools(say);
  // Tests of the history in PostgreSQL say what is missing.
  await ensurePostgres().catch((error: unknown) => say(`lab: ${String(error)}`));
  if (!(await reap())) await pruneImages();
}

/**
 * Runs a command inside a new run of the lab, with this process's standard streams, and takes everything down
 * after it. Processes in it open labs that share the run; `prepare` puts into its directory what they need. Returns the command's exit code (128 + n for a signal).
 */
export async function enterLab(
  command: readonly string[],
  prepare: (runDir: string) => Promise<void> = async () => {},
): Promise<number> {
  const run = await openRun();
  const downNow = (): void => downRunNow(run);
  process.on("exit", downNow);
  await prepare(run.dir);
  const [file, ...args] = inNetns(run.netns);
  const env = { ...process.env, CURFEW_LAB_RUN: run.dir };
  const code = await runToEnd(file, [...args, ...command], env, () => downRun(run));
  process.off("exit", downNow);
  return code;
}

/**
 * Runs a command with this process's standard streams, then `cleanUp`; returns the command's exit code.
 * Signals go to the command, so that it can finish; during `cleanUp` they are ignored.
 */
export async function runToEnd(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cleanUp: () => Promise<void> = async () => {},
): Promise<number> {
  const child = spawn(file, args, { stdio: "inherit", env });
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, pass);
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  await cleanUp();
  for (const name of signals) process.off(name, pass);
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
