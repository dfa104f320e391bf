/** From a command line to an exit code. */
import { type Command, CommanderError } from "commander";
import { CurfewError } from "../model/terms/error.ts";
import { errorDocument, type ExitCode, exitCodeOf, writeError } from "./terminal/exit.ts";
import { createProgram } from "./program.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** `option '-x, --name <value>' argument 'given' is invalid. reason`. */
const INVALID = /^option '(?:-\w, )?(--[\w-]+).*' argument '(.*)' is invalid\. (.*)$/u;

/**
 * Runs one command line (without node and script) to its exit code. Never rejects, never ends the
 * process. With `--json`, a command that fails prints a `curfew/error/1` document.
 */
export async function main(given: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const program = await createProgram(terminal, (code) => void (exitCode = code), given);
  try {
    await program.parseAsync(given, { from: "user" });
    return exitCode;
  } catch (thrown) {
    const error = thrown instanceof CommanderError ? usageError(thrown, commandOf(program, given)) : thrown;
    if (error === undefined) return 0;
    writeError(error, terminal);
    if (wantsJson(given)) await terminal.out([errorDocument(error)]);
    return exitCodeOf(error);
  }
}

/** Commander's complaint in our words; undefined where it only printed the help. */
function usageError({ code, exitCode, message }: CommanderError, command: string): CurfewError | undefined {
  if (exitCode === 0) return undefined;
  const help = `see ${command} --help`;
  if (code === "commander.help") return new CurfewError("usage", "no command given", { hint: help });
  const [said = "", ...rest] = message.replace(/^error: /u, "").split("\n");
  const suggestion = /^\(Did you mean (.*)\?\)$/u.exec(rest.join(" "))?.[1];
  const hint = suggestion === undefined ? help : `did you mean ${suggestion}?`;
  return new CurfewError("usage", said.replace(INVALID, "$1 $2: $3"), { hint });
}

/** `curfew plan` where that is what was called, for hints. */
function commandOf(program: Command, given: readonly string[]): string {
  const known = program.commands.some((command) => command.name() === given[0]);
  return known ? `curfew ${given[0]}` : "curfew";
}

function wantsJson(given: readonly string[]): boolean {
  const end = given.indexOf("--");
  return given.slice(0, end < 0 ? given.length : end).includes("--json");
}
