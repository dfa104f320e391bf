/** Where the process begins and ends. Everything else returns. */
import { setFlagsFromString } from "node:v8";
import { exitCodeOf, writeError } from "./cli/exit.ts";
import { main } from "./cli/main.ts";
import { processTerminal } from "./cli/terminal.ts";

// V8 answers hundreds of logins at once with a nursery of 64 or 128 MB, most of it never used again.
// Left at what it has when the program is loaded (4 MB), 500 hosts cost no more CPU and half the memory.
setFlagsFromString("--semi-space-growth-factor=1");

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

await end(await main(process.argv.slice(2), terminal));
