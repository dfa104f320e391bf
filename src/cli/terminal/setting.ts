import type { ExitCode } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

/** What a command is given when it is registered. */
export interface Setting {
  readonly terminal: Terminal;
  readonly setExitCode: (exitCode: ExitCode) => void;
}
