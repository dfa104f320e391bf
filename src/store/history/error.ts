/** What SQLite says, in words for people. Result codes: https://sqlite.org/rescode.html. */
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";

const BUSY = 5;
const LOCKED = 6;

/** What happened and what to do about it, by primary result code. */
const REASONS: Readonly<Record<number, readonly [string, string | undefined]>> = {
  3: ["cannot be opened: permission denied", undefined],
  8: ["is read-only", "curfew needs to write its directory; set XDG_STATE_HOME to one that it may"],
  10: [
    "cannot be read or written: the disk reports an error",
    "look for errors of the disk in the kernel's log",
  ],
  11: [
    "is damaged",
    "move it away with its -wal and -shm files and a new one begins; sqlite3 FILE .recover saves what can be read of the old one",
  ],
  13: [
    "cannot be written: the disk is full",
    "make room, or curfew history prune --keep 90d; every run before is whole",
  ],
  14: ["cannot be opened", "curfew needs to write its directory; set XDG_STATE_HOME to one that it may"],
  26: ["is not a history that curfew wrote", "move it away, or set XDG_STATE_HOME to another directory"],
};

/** Runs `work` on the history in `file`. Errors: CurfewError `input` for whatever SQLite or the file system says. */
export function inHistory<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw historyError(file, error);
  }
}

/** The error itself where it is ours already, or a defect. */
export function historyError(file: string, error: unknown): unknown {
  const code = resultCode(error);
  if (!(error instanceof Error) || error instanceof CurfewError) return error;
  const name = `the history ${visible(file)}`;
  if (isBusy(error)) {
    return new CurfewError(
      "input",
      `${name} is being written by another curfew, and it has been for too long`,
      {
        hint: "see curfew history for who is running; try again",
        cause: error,
      },
    );
  }
  const [what, hint] = REASONS[code] ?? [];
  if (what !== undefined) return new CurfewError("input", `${name} ${what}`, { hint, cause: error });
  if (!("syscall" in error)) return error;
  return new CurfewError("input", `${name} cannot be opened: ${visible(error.message)}`, {
    hint: REASONS[14]?.[1],
    cause: error,
  });
}

/** Damage that was found by curfew's own checks. */
export function damaged(file: string, what: string): CurfewError {
  return new CurfewError("input", `the history ${visible(file)} is damaged: ${what}`, {
    hint: REASONS[11]?.[1],
  });
}

/** Somebody else holds the lock; trying again helps. */
export function isBusy(error: unknown): boolean {
  return [BUSY, LOCKED].includes(resultCode(error));
}

/** The primary result code; extended ones have more in their upper bits. 0: the error is not SQLite's. */
function resultCode(error: unknown): number {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return 0;
  return error.errcode & 0xff;
}
