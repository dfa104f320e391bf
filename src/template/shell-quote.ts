import { CurfewError } from "../model/terms/error.ts";

/**
 * One word for a POSIX shell, in single quotes, whatever it contains (POSIX.1-2024, Shell Command
 * Language, 2.2.2: nothing is special between single quotes). The only place that quotes for a shell.
 * Errors: CurfewError `internal` for NUL, which no shell word can carry.
 */
export function quote(word: string): string {
  if (word.includes("\0")) {
    throw new CurfewError("internal", "a value with a NUL character cannot be given to a shell");
  }
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * A command line from an argument array: every word quoted, so that no argument is an option,
 * pattern, variable or second command to the shell. Errors as `quote`.
 */
export function command(argv: readonly string[]): string {
  return argv.map(quote).join(" ");
}
