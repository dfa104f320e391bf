import { CommanderError } from "commander";
import { CurfewError } from "../model/error.ts";
import { errorDocument, type ExitCode, exitCodeOf, writeError } from "./exit.ts";
import { createProgram } from "./program.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Runs one command line (without node and script) to its exit code. Never rejects, never ends the
 * process. With `--json`, a command that fails prints a `curfew/error/1` document.
 */
export async function main(given: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const program = createProgram(terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(given, { from: "user" });
    return exitCode;
  } catch (thrown) {
    const error = thrown instanceof CommanderError ? usageError(thrown) : thrown;
    if (error === undefined) return 0;
    writeError(error, terminal);
    if (wantsJson(given)) await terminal.out([errorDocument(error)]);
    return exitCodeOf(error);
  }
}

/** Commander's complaint in our words; undefined where it only printed the help. */
function usageError({ code, exitCode, message }: CommanderError): CurfewError | undefined {
  if (exitCode === 0) return undefined;
  if (code === "commander.help") return new CurfewError("usage", "no command given", { hint: "see curfew --help" });
  const [said = "", ...rest] = message.replace(/^error: /u, "").split("\n");
  const suggestion = /^\(Did you mean (.*)\?\)$/u.exec(rest.join(" "))?.[1];
  const hint = suggestion === undefined ? "see curfew --help" : `did you mean ${suggestion}?`;
  return new CurfewError("usage", said, { hint });
}

function wantsJson(given: readonly string[]): boolean {
  const end = given.indexOf("--");
  return given.slice(0, end < 0 ? given.length : end).includes("--json");
}
