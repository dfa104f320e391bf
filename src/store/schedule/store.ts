/** The files of schedules on this machine: written whole, and only curfew's own are touched. */
import { lstat, mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { MARKER, type ScheduleFile } from "../../core/schedule/files.ts";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { writeAtomically } from "../file/atomic-write.ts";
import { readOwn } from "../file/own-place.ts";

/**
 * Writes all files or none: each complete, with its owner and mode, before it has its name; what was written is
 * put back where a later one fails. Returns how to take all of it back.
 * Errors: CurfewError `input` for a path that something else has taken, or that cannot be written.
 */
export async function writeScheduleFiles(files: readonly ScheduleFile[]): Promise<() => Promise<void>> {
  const undo: (() => Promise<void>)[] = [];
  const takeBack = async (): Promise<void> => {
    for (const step of undo.toReversed()) await step();
  };
  try {
    for (const file of files) await refuseForeign(file.path);
    for (const file of files) {
      const made = await mkdir(dirname(file.path), { recursive: true, mode: 0o755 });
      if (made !== undefined) undo.push(() => removeEmpty(dirname(file.path)));
      const before = await readOwn(file.path).catch(() => undefined);
      undo.push(() =>
        before === undefined ? rm(file.path, { force: true }) : writeWhole({ ...file, text: before }),
      );
      await writeWhole(file);
    }
    return takeBack;
  } catch (error) {
    await takeBack();
    throw inputError(error, "write");
  }
}

/** The text of a file that curfew wrote; undefined where there is none, or somebody else's. */
export async function readScheduleFile(path: string): Promise<string | undefined> {
  const text = await readOwn(path).catch(() => "");
  return text.split("\n", 3).includes(MARKER) ? text : undefined;
}

/** Names of what is in a directory; none where it is not there. */
export async function listDirectory(path: string): Promise<string[]> {
  return (await readdir(path).catch((): string[] => [])).toSorted();
}

/**
 * Takes curfew's own files away, and the directory that it made for its scripts where that is empty now. Returns
 * those that were there. Errors: CurfewError `input` for one that cannot be removed.
 */
export async function removeScheduleFiles(paths: readonly string[]): Promise<string[]> {
  const removed: string[] = [];
  for (const path of paths) {
    if ((await readScheduleFile(path)) === undefined) continue;
    await rm(path).catch((error: unknown) => {
      throw inputError(error, "remove");
    });
    removed.push(path);
    if (dirname(path).endsWith("/curfew")) await removeEmpty(dirname(path));
  }
  return removed;
}

async function removeEmpty(directory: string): Promise<void> {
  await rmdir(directory).catch(() => {});
}

async function refuseForeign(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || (await readScheduleFile(path)) !== undefined) return;
  throw new CurfewError("input", `${visible(path)} is there already, and curfew did not write it`, {
    hint: "choose another --name, or move it away",
  });
}

function writeWhole({ path, mode, text }: ScheduleFile): Promise<void> {
  return writeAtomically(path, [text], mode, true);
}

function inputError(error: unknown, what: string): unknown {
  if (error instanceof CurfewError || !(error instanceof Error) || !("syscall" in error)) return error;
  return new CurfewError("input", `cannot ${what} the schedule: ${visible(error.message)}`, { cause: error });
}
