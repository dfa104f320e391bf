/** Evidence taken along with a report, so that its links lead somewhere. */
import type { EvidenceFile } from "../../model/verdict/evidence.ts";
import { hash } from "node:crypto";
import { join } from "node:path";
import { writeAtomically } from "../file/atomic-write.ts";
import { makeDirectory } from "../file/make-directory.ts";
import { makeOwnDirectory, readOwnBytes } from "../file/own-place.ts";
import type { Sums } from "../file/sums.ts";

/**
 * Copies files of `run` (its directory) into `directory` under the same relative paths, mode 0600 in 0700, as far as
 * they are there and still what their digests say; the digest of each is added to `sums`. Returns how many were left out. A path that is not
 * `evidence/HOST/NAME` is left out too: an audit may have come from another machine. Errors: those of node:fs while
 * writing.
 */
export async function copyEvidence(
  run: string,
  directory: string,
  files: readonly EvidenceFile[],
  sums: Sums = new Map(),
): Promise<number> {
  let left = 0;
  for (const { path, sha256 } of files) {
    const content = PLACE.test(path) ? await readOwnBytes(join(run, path)).catch(() => undefined) : undefined;
    if (content === undefined || hash("sha256", content) !== sha256) {
      left += 1;
      continue;
    }
    await makeDirectory(directory, 0o700);
    const [evidence = "", host = "", name = ""] = path.split("/");
    const target = await makeOwnDirectory(directory, evidence, host);
    await writeAtomically(join(target, name), [content]);
    sums.set(path, sha256);
  }
  return left;
}

const PLACE = /^evidence\/(?!\.{1,2}\/)[^/\0]+\/(?!\.{1,2}$)[^/\0]+$/u;
