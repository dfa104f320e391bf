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
  return join(base(environment["XDG_STATE_HOME"], join(home, ".local", "state")), "curfew");
}

/** What programs are configured by, curfew among them: `$XDG_CONFIG_HOME`, else `~/.config`. */
export function configDirectory(environment: NodeJS.ProcessEnv, home: string): string {
  return base(environment["XDG_CONFIG_HOME"], join(home, ".config"));
}

function base(given: string | undefined, usual: string): string {
  return given !== undefined && isAbsolute(given) ? given : usual;
}
