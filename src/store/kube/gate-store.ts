/**
 * The state of gates on this machine: `kube/ID.json` in curfew's state directory, 0600 in 0700, never through a link.
 * Loaded for every kubectl command, so it imports next to nothing.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { parseGateState } from "../../core/kube/gate/state.ts";
import type { GateState } from "../../model/access/kube-gate.ts";

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

/** Replaces it as a whole. Errors: those of node:fs; a directory that is a link or somebody else's. */
export function writeGateState(directory: string, id: string, state: GateState): void {
  writeOwnFile(directory, `${id}.json`, `${JSON.stringify(state)}\n`);
}

/** The same for any file of ours beside the states. */
export function writeOwnFile(directory: string, name: string, text: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  refuseForeign(directory);
  const temporary = join(directory, `.${name}.${process.pid}.tmp`);
  rmSync(temporary, { force: true });
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  const file = openSync(temporary, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600);
  try {
    writeSync(file, text);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, join(directory, name));
}

/** Errors: those of node:fs; a file that is a link, somebody else's, too large, or that others may write. */
export function readOwnFile(path: string): string {
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
