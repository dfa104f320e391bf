import { visible } from "../core/text/visible.ts";
import { CurfewError } from "../model/terms/error.ts";
import type { SourcePosition } from "../model/inventory/host.ts";

/** One mistake, or one thing to know, about a file somebody wrote. */
export interface Problem {
  readonly position: SourcePosition;
  /** What is wrong, the offending text, the nearest valid spelling. */
  readonly message: string;
}

/** More would scroll the first one away, and the first often causes the rest. */
const MOST_SHOWN = 20;

/** `file:line:column: message`, as editors and CI systems read it. */
function problemLine({ position, message }: Problem): string {
  const { file, line, column } = position;
  const place = [visible(file), line, column].filter((part) => part !== undefined);
  // A parser may quote the file.
  return `${place.join(":")}: ${visible(message)}`;
}

/** The lines of all problems: each once, in the order of the file; at most `most`, then how many follow. */
export function problemLines(problems: readonly Problem[], most = Number.POSITIVE_INFINITY): string[] {
  const lines = [...new Set(problems.toSorted(byPosition).map(problemLine))];
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most), `... and ${lines.length - most} more`];
}

/** All mistakes of a file as one error: CurfewError `input`, one line per mistake, at most 20. */
export function inputError(problems: readonly Problem[], hint?: string): InputError {
  return new InputError(problems, hint);
}

/** Keeps its mistakes apart, for who decides whether they matter. */
export class InputError extends CurfewError {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[], hint?: string) {
    super("input", problemLines(problems, MOST_SHOWN).join("\n"), { hint });
    this.problems = problems;
  }
}

function byPosition({ position: left }: Problem, { position: right }: Problem): number {
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  return (left.line ?? 0) - (right.line ?? 0) || (left.column ?? 0) - (right.column ?? 0);
}
