import { constants } from "node:fs";
import { chown, open, readFile, realpath, rm, stat } from "node:fs/promises";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { writeAtomically } from "../file/atomic-write.ts";

/**
 * Replaces a kubeconfig where it still is what was read: as a whole, with its mode and its owner, behind a link where it
 * is one, and under the lock that kubectl itself takes (`FILE.lock`, client-go). Errors: CurfewError `input`.
 */
export async function replaceKubeconfig(path: string, before: string, after: string): Promise<void> {
  const real = await realpath(path);
  const lock = `${real}.lock`;
  await take(lock, real);
  try {
    if ((await readFile(real, "utf8")) !== before) {
      throw new CurfewError(
        "input",
        `${visible(path)} was changed by somebody else at this moment; nothing was written`,
      );
    }
    const { mode, uid, gid } = await stat(real);
    await writeAtomically(real, [after], mode & 0o7777, true);
    if (process.geteuid?.() === 0) await chown(real, uid, gid);
  } finally {
    await rm(lock, { force: true });
  }
}

async function take(lock: string, path: string): Promise<void> {
  try {
    const file = await open(lock, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
    await file.close();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (code === "EEXIST") {
      throw new CurfewError("input", `${visible(path)} is locked: ${visible(lock)} is there`, {
        hint: "a kubectl config command is writing; remove the lock where none runs",
      });
    }
    throw new CurfewError("input", `${visible(path)} cannot be changed: ${code}`, { cause: error });
  }
}
