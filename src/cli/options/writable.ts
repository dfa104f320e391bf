/** Whether something can be written or read, said before anybody waits for it. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";

/** Errors: CurfewError `input` for a file that is a directory, or in a directory that is missing or closed to us. */
export function refuseUnwritableFile(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) throw unwritable(path, "it is a directory");
  if (found !== undefined && !found.isFile()) return;
  refuseClosed(path, dirname(resolve(path)));
}

/** Errors: CurfewError `input` where that directory neither is there nor can be made. */
export function refuseUnwritableDirectory(path: string): void {
  let nearest = resolve(path);
  while (statOf(nearest) === undefined && dirname(nearest) !== nearest) nearest = dirname(nearest);
  refuseClosed(path, nearest);
}

/** Errors: CurfewError `input` for what is missing, a directory or closed to us. */
export function refuseUnreadableFile(path: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    const reason = visible(error instanceof Error ? error.message : String(error));
    throw new CurfewError("input", `cannot read ${visible(path)}: ${reason}`, { cause: error });
  }
  if (statOf(path)?.isDirectory() !== true) return;
  throw new CurfewError("input", `cannot read ${visible(path)}: it is a directory`);
}

/** Errors: CurfewError `input` for a program that is not there, as execvp(3) looks for it. */
export function refuseMissingProgram(name: string): void {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const places = name.includes("/") ? [resolve(name)] : folders.map((folder) => join(folder, name));
  if (places.some(isProgram)) return;
  throw new CurfewError("input", `there is not a program ${visible(name)} that can be run`, {
    hint: "--sign-with takes the program and its arguments, not a line for a shell",
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statOf(path)?.isFile() === true;
  } catch {
    return false;
  }
}

function refuseClosed(path: string, directory: string): void {
  const found = statOf(directory);
  if (found === undefined) throw unwritable(path, `there is not a directory ${visible(directory)}`);
  if (!found.isDirectory()) throw unwritable(path, `${visible(directory)} is not a directory`);
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch {
    throw unwritable(path, `nothing may be written to ${visible(directory)}`);
  }
}

/** Undefined also below something that is not a directory. */
function statOf(path: string): ReturnType<typeof statSync> {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function unwritable(path: string, reason: string): CurfewError {
  return new CurfewError("input", `cannot write ${visible(path)}: ${reason}`);
}
