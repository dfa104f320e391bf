import { createHash, type Hash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { ReportFile } from "../../report/format/report-file.ts";
import { writeAtomically } from "./atomic-write.ts";
import { makeDirectory } from "./make-directory.ts";
import { SIGNATURE, SUMS, type Sums, sumsText } from "./sums.ts";

/**
 * The group may read a report, so that it can be handed on, and nobody else: it names hosts, accounts
 * and settings. Metrics are for another account and name hosts only. The umask can take more away.
 */
const FILE_MODE = 0o640;
const SHARED_MODE = 0o644;
const DIRECTORY_MODE = 0o750;

/** Pieces are lines; they go to the disk so many UTF-16 units at a time. */
const BATCH = 1 << 18;

/**
 * Writes the files of reports into a directory, which is made if it is missing, each atomically: who
 * reads sees the report before or this one. Returns the paths in the order of the files; the digest of each is added to
 * `sums`.
 * Errors: CurfewError `input` naming the path, where it cannot be written (no space, no permission,
 * a directory in its place); files that are already written stay.
 */
export async function writeReports(
  directory: string,
  files: Iterable<ReportFile>,
  sums: Sums = new Map(),
): Promise<string[]> {
  await attempt(directory, () => makeDirectory(directory, DIRECTORY_MODE));
  const paths: string[] = [];
  for (const { name, chunks, shared } of files) {
    const path = join(directory, name);
    const mode = shared === true ? SHARED_MODE : FILE_MODE;
    const digest = createHash("sha256");
    await attempt(path, () => writeAtomically(path, digested(batches(chunks), digest), mode));
    sums.set(name, digest.digest("hex"));
    paths.push(path);
  }
  return paths;
}

/**
 * Writes `SHA256SUMS` beside the reports, as `sha256sum -c` reads it, and returns its text. The signature of the one
 * before is removed: it would not match. Errors: as `writeReports`.
 */
export async function writeSums(directory: string, sums: Sums): Promise<string> {
  const text = sumsText(sums);
  await attempt(join(directory, SIGNATURE), () => rm(join(directory, SIGNATURE), { force: true }));
  await attempt(join(directory, SUMS), () => writeAtomically(join(directory, SUMS), [text], FILE_MODE));
  return text;
}

/** Writes the signature beside it. Errors: as `writeReports`. */
export async function writeSignature(directory: string, signature: Uint8Array): Promise<void> {
  const path = join(directory, SIGNATURE);
  await attempt(path, () => writeAtomically(path, [signature], FILE_MODE));
}

/** What was meant to be written counts, not what somebody may have put there since. */
function* digested(chunks: Iterable<string>, digest: Hash): Generator<string> {
  for (const chunk of chunks) {
    digest.update(chunk);
    yield chunk;
  }
}

function* batches(chunks: Iterable<string>): Generator<string> {
  let batch = "";
  for (const chunk of chunks) {
    batch += chunk;
    if (batch.length < BATCH) continue;
    yield batch;
    batch = "";
  }
  if (batch !== "") yield batch;
}

const REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ENOSPC: ["no space is left on the device", "make room, or give another directory with -o"],
  EDQUOT: ["the quota is used up", "make room, or give another directory with -o"],
  EROFS: ["the file system is read-only", "give another directory with -o"],
  EACCES: ["permission denied", "give a directory with -o that you may write to"],
  EPERM: ["permission denied", "give a directory with -o that you may write to"],
  EISDIR: ["there is a directory of that name", "give another directory with -o"],
  ENOTDIR: ["a part of the path is not a directory", "give another directory with -o"],
  ENOTFILE: [
    "there is a pipe, a device or a socket of that name",
    "move it away, or give another directory with -o",
  ],
  EEXIST: ["there is a file of that name", "give another directory with -o"],
};

async function attempt(path: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    // Only what the system says is about the path; a renderer's mistake is a defect and stays one.
    if (!isSystemError(error)) throw error;
    const [reason, hint] = REASONS[error.code] ?? [visible(error.message), "give another directory with -o"];
    throw new CurfewError("input", `cannot write ${visible(path)}: ${reason}`, { hint, cause: error });
  }
}

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string";
}
