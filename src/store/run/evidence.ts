/** What one run leaves on this machine: its journal, its saved plan, and the evidence of its sessions. */
import { hash } from "node:crypto";
import { join } from "node:path";
import type { EvidenceFile, KeepEvidence } from "../../model/verdict/evidence.ts";
import { writeAtomically } from "../file/atomic-write.ts";
import { makeOwnDirectory } from "../file/own-place.ts";

/** A longer text loses its middle: how something began and how it ended is what people look for. */
const MAX_BYTES = 256 * 1024;
/** A host that talks without end must not fill the controller's disk. */
const MAX_HOST_BYTES = 16 * 1024 * 1024;

export interface EvidenceOptions {
  /** The run's directory; null where none could be made, and then nothing is kept. */
  readonly directory: string | null;
  /** Told once, for people. */
  readonly warn: (message: string) => void;
}

/**
 * Keeps evidence in `evidence/HOST/NAME` of the run's directory, mode 0600 in 0700, each file written
 * as a whole or not at all. Names are spelt so that no two hosts, and no two names, share a file.
 */
export function createEvidence({ directory, warn }: EvidenceOptions): KeepEvidence {
  const used = new Map<string, number>();
  let warned = false;
  const tell = (message: string): undefined => {
    if (!warned) warn(`evidence is not kept: ${message}`);
    warned = true;
    return undefined;
  };
  return async (host, name, title, content) => {
    if (directory === null) return undefined;
    const bytes = bounded(content);
    const total = (used.get(host) ?? 0) + bytes.length;
    if (total > MAX_HOST_BYTES)
      return tell(`${host} has more than ${MAX_HOST_BYTES / 1024 / 1024} MiB of it`);
    used.set(host, total);
    const path = ["evidence", safeName(host), safeName(name)] as const;
    try {
      return await write(directory, path, title, bytes);
    } catch (error) {
      return tell(error instanceof Error ? error.message : String(error));
    }
  };
}

async function write(
  directory: string,
  path: readonly [string, string, string],
  title: string,
  bytes: Buffer,
): Promise<EvidenceFile> {
  await makeOwnDirectory(directory, path[0], path[1]);
  await writeAtomically(join(directory, ...path), [bytes]);
  return { path: path.join("/"), sha256: hash("sha256", bytes), bytes: bytes.length, title };
}

function bounded(content: string): Buffer {
  const bytes = Buffer.from(content, "utf8");
  if (bytes.length <= MAX_BYTES) return bytes;
  const half = Math.floor(MAX_BYTES / 2) - 100;
  const left = bytes.length - 2 * half;
  const mark = Buffer.from(`\n[curfew: ${left} bytes are left out here]\n`);
  return Buffer.concat([bytes.subarray(0, half), mark, bytes.subarray(bytes.length - half)]);
}

/** File names of Linux take 255 bytes, and the temporary file's is longer. */
const LONGEST = 150;

/**
 * The name with everything but lower-case letters, digits, `-`, `_` and inner dots as `%XX`, so that two names
 * stay apart on file systems that do not tell `Web1` from `web1`. A long one ends in `~` and its digest.
 */
export function safeName(name: string): string {
  const spelt = [...Buffer.from(name, "utf8")]
    .map((byte, index) => {
      const character = String.fromCharCode(byte);
      const plain = /[a-z0-9_-]/u.test(character) || (character === "." && index > 0);
      return plain ? character : `%${byte.toString(16).padStart(2, "0")}`;
    })
    .join("");
  if (spelt === "") return "%";
  return spelt.length <= LONGEST ? spelt : `${spelt.slice(0, 64)}~${hash("sha256", spelt)}`;
}
