import { randomBytes } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

type Chunks = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/**
 * Writes a file, of mode 0600 unless another is given, so that a reader sees the old content or the new,
 * never a part: a temporary file in the same directory, fsync, rename. A path that exists and is no
 * regular file (`/dev/stdout`, a pipe) is written to directly.
 *
 * @param exact Whether the umask takes nothing from a new file's mode: what cron and systemd may read is not
 * for the umask of whoever writes it to decide.
 * Errors: those of node:fs, the temporary file removed.
 */
export async function writeAtomically(
  path: string,
  chunks: Chunks,
  mode = 0o600,
  exact = false,
): Promise<void> {
  if (await isSpecial(path)) return writeAll(path, "w", chunks, mode);
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    await writeAll(temporary, "wx", chunks, mode, exact);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function isSpecial(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

async function writeAll(
  path: string,
  flags: string,
  chunks: Chunks,
  mode: number,
  exact = false,
): Promise<void> {
  const file = await open(path, flags, mode);
  try {
    if (exact) await file.chmod(mode);
    for await (const chunk of chunks) await file.appendFile(chunk);
    // A pipe or a terminal cannot be synchronised; a file must be, before it is renamed.
    if (flags === "wx") await file.sync();
  } finally {
    await file.close();
  }
}
