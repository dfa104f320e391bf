/** Evidence taken along with a report, so that its links lead somewhere. */
import { hash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { EvidenceFile } from "../../model/finding.ts";
import { writeAtomically } from "../file/atomic-write.ts";

/**
 * Copies files of `run` (its directory) into `directory` under the same relative paths, mode 0600 in 0700, as far as
 * they are there and still what their digests say. Returns how many were left out. A path that is not
 * `evidence/HOST/NAME` is left out too: an audit may have come from another machine. Errors: those of node:fs while
 * writing.
 */
export async function copyEvidence(
  run: string,
  directory: string,
  files: readonly EvidenceFile[],
): Promise<number> {
  let left = 0;
  for (const { path, sha256 } of files) {
    const content = PLACE.test(path) ? await readFile(join(run, path)).catch(() => undefined) : undefined;
    if (content === undefined || hash("sha256", content) !== sha256) {
      left += 1;
      continue;
    }
    const target = join(directory, path);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await writeAtomically(target, [content]);
  }
  return left;
}

const PLACE = /^evidence\/(?!\.{1,2}\/)[^/\0]+\/(?!\.{1,2}$)[^/\0]+$/u;
