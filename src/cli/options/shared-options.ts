/** The options of a run whose hosts are done by workers. */
import type { Command, Option } from "commander";
import { CurfewError } from "../../model/terms/error.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import { durationOption, type HostOptions } from "./args.ts";
import { addStoreOption, type StoreOptions } from "./history-access.ts";

export interface SharedOptions extends StoreOptions {
  readonly shared?: true;
  readonly continue?: string;
  readonly workerWait: Seconds;
}

/** `--shared` and what belongs to it. */
export function addSharedOptions(command: Command): Command {
  return addWorkersOption(command)
    .option("--continue <run>", "with --shared: go on with a run whose coordinator is gone")
    .addOption(workerWait());
}

/** The same where one coordinator sees the run to its end, and the store is where the queue is. */
export function addChangingOptions(command: Command): Command {
  return addStoreOption(addWorkersOption(command).addOption(workerWait()));
}

function addWorkersOption(command: Command): Command {
  return command.option(
    "--shared",
    "let the workers of a queue in PostgreSQL do the hosts, see curfew help workers",
  );
}

function workerWait(): Option {
  return durationOption("--worker-wait <duration>", "with --shared: hosts wait this long for a worker", 60);
}

/** For commands that keep no history: the store is where the queue is. */
export function addQueueOption(command: Command): Command {
  return addStoreOption(addSharedOptions(command));
}

/** Errors: CurfewError `usage` for what workers cannot know and what only makes sense with them. */
export function refuseUnshared(
  options: SharedOptions & HostOptions,
  command: Command,
  queueOnly = false,
  /** Options of `WORKERS_OWN` that mean something to the coordinator of this command. */
  also: readonly string[] = [],
): void {
  const given = (name: string): boolean => {
    const source = command.getOptionValueSource(name);
    return source !== undefined && source !== "default";
  };
  if (options.shared !== true) {
    const alone = ["continue", "workerWait", ...(queueOnly ? ["store"] : [])].find(given);
    if (alone === undefined) return;
    throw new CurfewError("usage", `${flagOf(alone)} is for runs over many machines: give --shared as well`);
  }
  const own = Object.keys(WORKERS_OWN).find((name) => given(name) && !also.includes(name));
  if (own === undefined) return;
  throw new CurfewError("usage", `${flagOf(own)} excludes --shared: ${WORKERS_OWN[own]}`, {
    hint: "give it to curfew worker",
  });
}

const WORKERS_OWN: Readonly<Record<string, string>> = {
  sshConfig: "each worker logs in with its own ssh_config",
  askBecomePass: "a password does not leave the machine that was given it",
  becomePassFile: "a password does not leave the machine that was given it",
  concurrency: "each worker says how many hosts it does at once",
};

function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}`;
}
