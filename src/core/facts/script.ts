/**
 * What asks a host for its facts: one script, put together from the parts in `templates/remote/facts`. The part NAME
 * is the file NAME.sh, whose function `part_NAME` prints sections; the file of this folder that has the part's name
 * parses them, or one that says which part it reads.
 */
import type { Selector } from "../policy/selectors.ts";
import { FACT_FILES } from "../../model/host-paths.ts";
import { remoteScript } from "../../template/remote-script.ts";

/** In the order in which they speak: a part may use what those before it found out. */
const FACT_PARTS = [
  "machine",
  "daemon",
  "configuration",
  "people",
  "logins",
  "shells",
  "service",
  "ways",
  "files",
  "timeouts",
  "state",
  // Last, as these are about every file that another part has shown.
  "times",
] as const;

/** Every file of the script, in its order: the frame first, and last the line that starts everything. */
export const FACT_SCRIPTS = ["frame", ...FACT_PARTS, "end"].map((name) => `facts/${name}`);

/** The script for these people; a server that is not OpenSSH is not asked as if it were. */
export function factsScript(token: string, selectors: readonly Selector[], openssh: boolean): string {
  const named = (prefix: string): string[] =>
    selectors.flatMap(({ name }) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  return remoteScript(FACT_SCRIPTS, {
    token,
    parts: FACT_PARTS.map((name) => `part_${name.replaceAll("-", "_")}`),
    openssh: openssh ? "yes" : "no",
    selectors: selectors.map(({ name, owners }) => `${owners.join(",")} ${name}`),
    users: named("user:"),
    groups: named("group:"),
    files: FACT_FILES,
    ask_shells: remoteScript("ask-shells", {}),
  });
}
