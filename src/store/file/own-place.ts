/** Whether what lies at a name is what curfew put there: where others may write, anything may lie there. */
import { constants, lstatSync, statSync, type Stats } from "node:fs";
import { lstat, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { visible } from "../../core/text/visible.ts";

/** A pipe, a device, a socket or a link where a file has to be. Has the fields of the system's own errors. */
export class NotAFileError extends Error {
  readonly code = "ENOTFILE";
  readonly syscall = "open";

  constructor(path: string) {
    super(`${visible(path)} is not a file`);
    this.name = "NotAFileError";
  }
}

/** A directory of somebody else where it has to be one's own. */
class ForeignDirectoryError extends Error {
  readonly code = "EFOREIGN";
  readonly syscall = "open";

  constructor(path: string) {
    super(
      `${visible(path)} is not a directory of the account that runs curfew, so others could read or change what is in it`,
    );
    this.name = "ForeignDirectoryError";
  }
}

/** Whether nobody else could have put it there. */
export function isTrusted({ uid }: Pick<Stats, "uid">): boolean {
  return uid === 0 || uid === process.geteuid?.();
}

/**
 * Makes the directories below `base`, one in the other, mode 0700, and returns the innermost. One that is there must
 * be one's own or root's and no link. Errors: those of mkdir(2), ForeignDirectoryError.
 */
export async function makeOwnDirectory(base: string, ...names: readonly string[]): Promise<string> {
  let directory = base;
  for (const name of names) {
    directory = join(directory, name);
    await mkdir(directory, { mode: 0o700 }).catch(async (error: NodeJS.ErrnoException) => {
      const found = error.code === "EEXIST" ? await lstat(directory) : undefined;
      if (found === undefined || (!found.isDirectory() && !found.isSymbolicLink())) throw error;
      if (found.isSymbolicLink() || !isTrusted(found)) throw new ForeignDirectoryError(directory);
    });
  }
  return directory;
}

/**
 * Makes curfew's state directory and those above it where they are missing. It may be a link, but must be one's own or
 * root's: with `sudo`, HOME may still be that of an account whose owner could change what root writes there.
 * Errors: those of mkdir(2), ForeignDirectoryError.
 */
export async function makeStateDirectory(state: string, ...names: readonly string[]): Promise<string> {
  await mkdir(state, { recursive: true, mode: 0o700 });
  refuseForeignDirectory(state);
  return makeOwnDirectory(state, ...names);
}

/** Errors: ForeignDirectoryError. */
export function refuseForeignDirectory(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !isTrusted(found)) throw new ForeignDirectoryError(path);
}

/** For what others than us open by name. Errors: NotAFileError for everything but a file; what is missing is none. */
export function refuseNotAFile(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) throw new NotAFileError(path);
}

/**
 * Reads a file that curfew wrote, as UTF-8; never a link, and never waits for a pipe.
 * Errors: those of open(2), NotAFileError also for one that is larger than any that curfew writes.
 */
export async function readOwn(path: string): Promise<string> {
  return (await readOwnBytes(path)).toString("utf8");
}

const LARGEST = 64 * 1024 * 1024;

/** The same as bytes. */
export async function readOwnBytes(path: string): Promise<Buffer> {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile() || found.size > LARGEST) throw new NotAFileError(path);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
