/**
 * The state of gates on this machine: `kube/ID.json` in curfew's state directory, 0600 in 0700, never through a link.
 * Loaded for every kubectl command, so it imports next to nothing.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseGateState } from "../../core/kube/gate-state.ts";
import type { GateState } from "../../model/kube-gate.ts";

/** Far more than a state with hundreds of callers. */
const LARGEST = 256 * 1024;

/** Where states are; `state` is curfew's state directory. */
export function gateDirectory(state: string): string {
  return join(state, "kube");
}

/** Null where there is none, or where it is broken, somebody else's, or no file: then nobody has logged in. */
export function readGateState(directory: string, id: string): GateState | null {
  try {
    refuseForeign(directory);
    const text = readOwnFile(join(directory, `${id}.json`));
    return parseGateState(text) ?? null;
  } catch {
    return null;
  }
}

/** Errors: those of node:fs; a file that is a link, somebody else's, too large, or that others may write. */
function readOwnFile(path: string): string {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  const file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const found = fstatSync(file);
    const own = found.isFile() && found.uid === process.geteuid?.() && (found.mode & 0o022) === 0;
    if (!own || found.size > LARGEST) throw new Error("not a file of curfew's");
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

function refuseForeign(directory: string): void {
  const found = lstatSync(directory);
  if (!found.isDirectory() || found.uid !== process.geteuid?.() || (found.mode & 0o022) !== 0) {
    throw new Error("the state directory is not this account's alone");
  }
}
