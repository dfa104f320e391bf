/** Runs a program in a process of its own and says what it used. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What one process used from its start to its end. Everything it started counts as its children. */
export interface Usage {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly childCpuMs: number;
  /** The largest it ever was in memory. */
  readonly rssMiB: number;
}

export interface Program {
  /** Script and arguments for this very Node. */
  readonly argv: readonly string[];
  /** Exit codes that mean it did its work. */
  readonly expected: readonly number[];
  readonly environment?: Readonly<Record<string, string>>;
}

const PRELOAD = fileURLToPath(new URL("./usage.ts", import.meta.url));
/** Longer than any run should take; a run that hangs must not hang the bench. */
const TIMEOUT_MS = 900_000;

/** A program under measurement. */
export interface Measured {
  readonly process: ChildProcess;
  /** What it used, once it has ended. Rejects with its last words where its exit code was not expected. */
  readonly usage: Promise<Usage>;
}

/** Runs `program` once; `scratch` is a directory for its usage file. Throws with its last words when it fails. */
export function measure(program: Program, scratch: string): Promise<Usage> {
  return startMeasured(program, scratch, TIMEOUT_MS).usage;
}

/** Starts `program`, for those that run beside others. It is killed after `timeout` milliseconds. */
export function startMeasured(program: Program, scratch: string, timeout: number): Measured {
  const file = join(scratch, `usage-${process.pid}-${(started += 1)}.json`);
  const child = spawn(process.execPath, ["--import", PRELOAD, ...program.argv], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...environment(scratch), ...program.environment, CURFEW_BENCH_USAGE: file },
    timeout,
    killSignal: "SIGKILL",
  });
  return { process: child, usage: usageOf(child, program, file) };
}

let started = 0;

async function usageOf(child: ChildProcess, program: Program, file: string): Promise<Usage> {
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (code === null || !program.expected.includes(code)) {
    throw new Error(`${program.argv.slice(0, 2).join(" ")} ended with ${code ?? signal}:\n${said}`);
  }
  const usage = JSON.parse(await readFile(file, "utf8")) as Usage;
  await rm(file);
  return usage;
}

/** Code is compiled once for all runs, curfew's and the floors' alike: nobody measures the stripping of types. */
function environment(scratch: string): Record<string, string> {
  return { NO_COLOR: "1", NODE_COMPILE_CACHE: join(scratch, "compiled") };
}

/**
 * Runs the programs in turn, `times` rounds or until `spent` says there is no time left; at least one round. Those
 * named in `often` are run that many times a round: short ones vary the most.
 */
export async function measureInTurn<Name extends string>(
  programs: Readonly<Record<Name, () => Promise<Usage>>>,
  times: number,
  spent: () => boolean,
  often: { readonly [name in NoInfer<Name>]?: number } = {},
): Promise<Record<Name, Usage[]>> {
  const names = Object.keys(programs) as Name[];
  const found = Object.fromEntries(names.map((name) => [name, [] as Usage[]])) as Record<Name, Usage[]>;
  for (let round = 0; round < times && (round === 0 || !spent()); round += 1) {
    for (const name of names) {
      for (let run = 0; run < (often[name] ?? 1); run += 1) found[name].push(await programs[name]());
    }
  }
  return found;
}
