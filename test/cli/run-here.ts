/**
 * One command line of curfew in the process of the test: the whole program from its arguments to its exit code,
 * without the third of a second that a process of its own takes to start. What a process alone can show (signals,
 * terminals, locales, the `bin`) is tested with real processes: curfew.test.ts and the `.slow` tests.
 */
import { main } from "../../src/cli/main.ts";
import { fakeTerminal } from "./fake-terminal.ts";

export interface Surroundings {
  readonly directory: string;
  /** The whole environment besides PATH. */
  readonly environment: Readonly<Record<string, string>>;
  /** What is on standard input. */
  readonly input?: string;
}

/** What was printed, a last line break taken away as `$(…)` does, and how it ended. One at a time. */
export async function runHere(
  given: readonly string[],
  { directory, environment, input = "" }: Surroundings,
): Promise<{ stdout: string; stderr: string; exitCode: number }> {
  const before = { directory: process.cwd(), environment: { ...process.env } };
  setEnvironment({ PATH: process.env["PATH"], ...environment });
  process.chdir(directory);
  try {
    const terminal = fakeTerminal({ environment: process.env, input: async () => input });
    const exitCode = await main(given, terminal);
    const { out, err } = terminal.written;
    return { stdout: out.replace(/\n$/u, ""), stderr: err.replace(/\n$/u, ""), exitCode };
  } finally {
    process.chdir(before.directory);
    setEnvironment(before.environment);
  }
}

/** In place: child processes and `os.homedir()` read the real one. */
function setEnvironment(wanted: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(process.env)) if (!(name in wanted)) delete process.env[name];
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) process.env[name] = value;
}
