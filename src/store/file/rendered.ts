/** Writes what was rendered, and never over what somebody else made. */
import { createReadStream, lstatSync } from "node:fs";
import { lstat, mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { OutputFile } from "../../model/change/render.ts";
import { writeAtomically, writeNamed } from "./atomic-write.ts";
import { makeDirectory } from "./make-directory.ts";
import { isTrusted } from "./own-place.ts";

/**
 * One file; one that is there must have `mark` near its beginning, unless `force`. Errors: CurfewError `usage` for
 * what curfew did not write, `input` where it cannot be written.
 */
export async function writeRendered(
  path: string,
  { content, mode }: { readonly content: string | Buffer; readonly mode: string },
  { mark, force }: { readonly mark: string; readonly force: boolean },
): Promise<void> {
  await failAsInput(path, async () => {
    const found = await lstat(path).catch(() => undefined);
    if (found !== undefined && !found.isFile()) return writeNamed(path, [content]);
    if (found !== undefined && !force && !(await begins(path, mark))) {
      throw new CurfewError("usage", `${visible(path)} was not written by curfew; nothing was written`, {
        hint: "give another file with -o, or --force to replace it",
      });
    }
    await writeAtomically(path, [content], Number.parseInt(mode, 8), true);
  });
}

/**
 * The files below a directory, which must be empty or not be there, unless `force`; then files of others stay.
 * Directories are one's own and no links. Errors: as above.
 */
export async function writeRenderedFolder(
  folder: string,
  files: readonly OutputFile[],
  force: boolean,
): Promise<void> {
  await failAsInput(folder, async () => {
    if (!force) await refuseFull(folder);
    await makeDirectory(folder, 0o755);
    refuseForeign(folder);
    for (const { path, content, mode } of files) {
      await makeInside(folder, dirname(path));
      await writeAtomically(join(folder, path), [content], Number.parseInt(mode, 8), true);
    }
  });
}

async function refuseFull(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  if (names.length === 0) return;
  throw new CurfewError("usage", `${visible(folder)} is not empty; nothing was written`, {
    hint: "give another directory with -o, or --force to write into it",
  });
}

async function makeInside(folder: string, below: string): Promise<void> {
  let directory = folder;
  for (const name of below.split("/").filter((part) => part !== "" && part !== ".")) {
    directory = join(directory, name);
    await mkdir(directory, { mode: 0o755 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    if (lstatSync(directory).isSymbolicLink()) throw foreign(directory, "it is a link");
    refuseForeign(directory);
  }
}

function refuseForeign(directory: string): void {
  const found = lstatSync(directory);
  if (!isTrusted(found)) throw foreign(directory, "it belongs to somebody else");
}

function foreign(directory: string, why: string): CurfewError {
  return new CurfewError("input", `nothing is written into ${visible(directory)}: ${why}`, {
    hint: "give another directory with -o",
  });
}

async function begins(path: string, mark: string): Promise<boolean> {
  const parts: Buffer[] = [];
  for await (const part of createReadStream(path, { end: 4095 })) parts.push(part as Buffer);
  return Buffer.concat(parts).includes(mark);
}

async function failAsInput(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof CurfewError || !(error instanceof Error) || !("code" in error)) throw error;
    throw new CurfewError("input", `cannot write ${visible(path)}: ${visible(error.message)}`, {
      cause: error,
    });
  }
}
