/** Where the process begins and ends. Everything else returns. */
import { exitCodeOf, writeError } from "./cli/terminal/exit.ts";
import { main } from "./cli/main.ts";
import { processTerminal } from "./cli/terminal/terminal.ts";

const terminal = processTerminal();

async function end(exitCode: number): Promise<never> {
  await terminal.flush();
  process.exit(exitCode);
}

// A defect must not print a stack trace, nor go on: the guards on the hosts undo what is armed.
process.on("uncaughtException", (error) => {
  writeError(error, terminal);
  void end(exitCodeOf(error));
});

// Only a process that started this one for itself, `curfew schedule run`, gives it a channel.
if (process.connected) (await import("./cli/progress/interrupts.ts")).endWithParent();

await end(await main(process.argv.slice(2), terminal));
