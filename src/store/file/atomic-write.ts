/**
 * Files are written as a whole or not at all, and never through what lies at their name: curfew runs as root, and
 * others may be able to put a link or a pipe into the folder that it writes to.
 */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, link, lstat, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isTrusted, NotAFileError } from "./own-place.ts";

type Chunks = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/**
 * Writes a file, of mode 0600 unless another is given, so that a reader sees the old content or the new,
 * never a part: a temporary file in the same directory, fsync, rename. A link at the path is replaced, not followed.
 *
 * @param exact Whether the umask takes nothing from a new file's mode: what cron and systemd may read is not
 * for the umask of whoever writes it to decide.
 * Errors: those of node:fs, the temporary file removed; NotAFileError where a pipe, a device or a socket is there.
 */
export async function writeAtomically(
  path: string,
  chunks: Chunks,
  mode = 0o600,
  exact = false,
): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  const replaceable = found === undefined || found.isFile() || found.isSymbolicLink() || found.isDirectory();
  if (!replaceable) throw new NotAFileError(path);
  await throughTemporary(path, chunks, { mode, exact }, (temporary) => rename(temporary, path));
}

/**
 * The same for a path that the user named on the command line, the only one that may be no file: `/dev/stdout`, a
 * pipe, a terminal. Somebody else's link is replaced, not followed, and somebody else's pipe is refused.
 */
export async function writeNamed(path: string, chunks: Chunks): Promise<void> {
  const [own, target] = await Promise.all([lstat, stat].map((look) => look(path).catch(() => undefined)));
  const followed = own?.isSymbolicLink() !== true || isTrusted(own);
  if (!followed || target === undefined || target.isFile() || target.isDirectory()) {
    return throughTemporary(path, chunks, {}, (temporary) => rename(temporary, path));
  }
  if (own?.isSymbolicLink() !== true && own?.isFIFO() === true && !isTrusted(own)) {
    throw new NotAFileError(path);
  }
  const file = await openSpecial(path, target.isFIFO());
  try {
    for await (const chunk of chunks) await writeAll(file, Buffer.from(chunk));
  } finally {
    await file.close();
  }
}

/** The same for a file that must not be there yet. Errors: also EEXIST. */
export function writeNew(path: string, chunks: Chunks, mode = 0o666): Promise<void> {
  return throughTemporary(path, chunks, { mode }, async (temporary) => {
    await link(temporary, path);
    await rm(temporary);
  });
}

interface Mode {
  readonly mode?: number;
  readonly exact?: boolean;
}

async function throughTemporary(
  path: string,
  chunks: Chunks,
  { mode = 0o600, exact = false }: Mode,
  name: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  const file = await open(temporary, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, mode);
  try {
    try {
      if (exact) await file.chmod(mode);
      for await (const chunk of chunks) await file.appendFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await name(temporary);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

const PATIENCE_MS = 10_000;

/** Never waits within the system: a pipe that nobody reads would make us deaf to every signal. */
async function openSpecial(path: string, isPipe: boolean): Promise<FileHandle> {
  const { O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;
  for (const begin = performance.now(); ; await sleep(50)) {
    try {
      return await open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY);
    } catch (error) {
      const unread = isPipe && (error as NodeJS.ErrnoException).code === "ENXIO";
      if (!unread || performance.now() - begin > PATIENCE_MS) throw error;
    }
  }
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    try {
      at += (await file.write(bytes, at)).bytesWritten;
    } catch (error) {
      // Its reader is slower than we are.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      await sleep(10);
    }
  }
}
