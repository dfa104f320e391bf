/** What curfew itself has left on a host. */

/**
 * One line of `/var/lib/curfew/original/TOKEN/manifest`: `KIND<TAB>COPY<TAB>PATH`. `absent`: there
 * was no such file; `directory`: curfew made it. `copy` is empty but for a file.
 */
export interface KeptOriginal {
  readonly kind: "file" | "absent" | "directory";
  readonly copy: string;
  readonly path: string;
}

/** A change that is neither confirmed nor taken back. */
export interface PendingGuard {
  readonly state: "armed" | "reverting";
  /**
   * Seconds from the reading until the host takes it back by itself, by the host's clocks: below zero
   * once it should have. Null where its record does not say.
   */
  readonly dueIn: number | null;
}

/** What a run that died left to be brought to its end, by whoever comes next. */
export interface UnfinishedChange {
  /** Empty where nothing names it. */
  readonly token: string;
  /** How far it came: decided and not tidied up; staged and never armed; only its lock or its check at boot is left. */
  readonly state: "confirmed" | "reverted" | "staged" | "lock" | "hook";
}

/** What somebody did to a file while a change was in place, found when that was taken back or tidied up. */
export interface KeptEdit {
  /**
   * `edited`: their version is now `copy`. `removed`: they had removed it, and it is back. `late`: they wrote to it
   * in the moment in which it was replaced, and that is in place again. `lost`: there was no room to keep it.
   */
  readonly kind: "edited" | "removed" | "late" | "lost";
  readonly path: string;
  /** Empty but for `edited`. */
  readonly copy: string;
}

/** What the guard left on the host. */
export interface CurfewState {
  /** Token of an armed guard, or empty. */
  readonly armed: string;
  /** How that guard stands; left out where none is armed. */
  readonly pending?: PendingGuard;
  /** `TOKEN PID BOOT TIME OWNER: REASON` of the lock, or empty. */
  readonly lock: string;
  /** What was there before curfew first touched it, kept for `revert`. */
  readonly originals: readonly KeptOriginal[];
  /** Left out where there is none. */
  readonly unfinished?: readonly UnfinishedChange[];
  /** Left out where there are none. */
  readonly kept?: readonly KeptEdit[];
  /** sha256 (hex) of what curfew wrote last, by path. */
  readonly written: Readonly<Record<string, string>>;
}
