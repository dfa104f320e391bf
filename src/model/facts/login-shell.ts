import type { Seconds } from "../terms/duration.ts";
import type { LimitLine } from "./limit-line.ts";
import type { Reading } from "../terms/reading.ts";

/** What a shell said at its prompt, when it was run as sshd would run it for an account. */
export interface ShellAnswer {
  /** By the version that it gives; `other` has none of those that are known to end an idle prompt. */
  readonly family: "bash" | "zsh" | "ksh93" | "mksh" | "tcsh" | "other";
  /** Empty for `other`. */
  readonly version: string;
  /** TMOUT, or autologout in seconds, as far as the shell heeds it; null: no limit. */
  readonly limit: Seconds | null;
  /** Whether the shell refuses to unset it. */
  readonly readonly: boolean;
  /** Whether programs get it too; null where that could not be asked. */
  readonly exported: boolean | null;
}

/** One account as which a shell was run, in an empty home. */
export interface AskedAccount {
  readonly user: string;
  /** As sshd starts it. */
  readonly login: Reading<ShellAnswer>;
  /** Interactive and no login shell, as within another; left out where it was not asked. */
  readonly nested?: Reading<ShellAnswer>;
}

/** What a line of somebody's own does that may keep an idle shell from ending. */
export type OwnKind =
  | "tmout"
  | "alarm"
  | "leaving"
  | "exec"
  | "program"
  | "elsewhere"
  | "computed"
  | "environment"
  | "command"
  | "certificate"
  | "key-environment"
  | "no-pty";

/** One line of somebody's own; what it says stays on the host. */
export interface OwnLine {
  readonly user: string;
  readonly kind: OwnKind;
  /** The file that a login reads, which may have read the one it stands in: `.bashrc`, `.ssh/rc`, `keys`. */
  readonly root: string;
  /** `FILE:LINE`. */
  readonly at: string;
}

/** What the files of a login shell's people have in them; nothing of theirs was run. */
export interface OwnFiles {
  /** How many accounts were looked into, whatever came of it. */
  readonly seen: number;
  readonly lines: readonly OwnLine[];
  /** Whose files could not be read, and why. */
  readonly unread: readonly { readonly user: string; readonly reason: string }[];
}

/** The accounts of a class that have the same login shell; root apart from others. */
export interface LoginShell {
  /** As the account has it. */
  readonly path: string;
  readonly size: number;
  /** Some of the accounts, at most 20, sorted. */
  readonly users: readonly string[];
  /** The first and the last account by name, and others as far as there was room; empty where too many were to be asked. */
  readonly asked: readonly AskedAccount[];
  /** Left out where nobody looked. */
  readonly own?: OwnFiles;
  /** Lines in them that fail once the limit is readonly; left out where there are none. */
  readonly limitLines?: readonly LimitLine[];
}
