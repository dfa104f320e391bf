/**
 * floor 3: files that curfew itself writes and reads back: saved plans and the journal of each run.
 * What is loaded is input like any other, however it got there. No secret is ever written.
 */
import { isAbsolute, join } from "node:path";

/**
 * The directory of curfew's state: `$XDG_STATE_HOME/curfew`, else `~/.local/state/curfew`.
 * A relative or empty value counts as unset (XDG Base Directory Specification 0.8).
 */
export function stateDirectory(environment: NodeJS.ProcessEnv, home: string): string {
  const given = environment["XDG_STATE_HOME"] ?? "";
  return join(isAbsolute(given) ? given : join(home, ".local", "state"), "curfew");
}
