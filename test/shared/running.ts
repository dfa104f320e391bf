/** Curfew processes that run beside each other, and what they have said so far. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { programPath } from "../lab/program.ts";
import { patient } from "../patience.ts";

const CURFEW = programPath();

/** A curfew that runs. */
export interface Running {
  readonly pid: number;
  readonly name: string;
  stdout(): string;
  stderr(): string;
  /** Its exit code; null where a signal ended it. */
  readonly done: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
  /** Until standard error says so. */
  says(words: string | RegExp): Promise<void>;
}

/** Starts `curfew ARGS` in that directory, with nothing of this machine's settings. */
export function startCurfew(
  args: readonly string[],
  directory: string,
  environment: Readonly<Record<string, string>>,
): Running {
  const child: ChildProcess = spawn(process.execPath, [CURFEW, ...args], {
    cwd: directory,
    env: {
      PATH: process.env["PATH"],
      HOME: directory,
      XDG_STATE_HOME: join(directory, "state"),
      NO_COLOR: "1",
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (out += chunk));
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (err += chunk));
  const done = once(child, "close").then(([code]) => code as number | null);
  return {
    pid: child.pid ?? 0,
    name: args.join(" "),
    stdout: () => out,
    stderr: () => err,
    done,
    kill(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    },
    says: (words) =>
      until(
        () => (typeof words === "string" ? err.includes(words) : words.test(err)),
        () => `${args.join(" ")} says ${String(words)}: ${err}`,
      ),
  };
}

/** Waits for a condition. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: () => string = () => "a condition",
  limit = 60_000,
): Promise<void> {
  const begin = performance.now();
  while (!(await holds())) {
    if (performance.now() - begin > patient(limit)) throw new Error(`this did not come: ${what()}`);
    await sleep(50);
  }
}
