/** How a line changes TMOUT or autologout, by the words of `templates/remote/lost-lines.sh`. */
export const LIMIT_FORMS = [
  "assign",
  "arith",
  "dparen",
  "exported",
  "declared",
  "integer",
  "unset",
  "loop",
  "getopts",
  "read",
  "printf",
  "builtin",
  "prefix",
  "autologout",
] as const;

export type LimitForm = (typeof LIMIT_FORMS)[number];

/** Where skipping ends, and what is skipped: names and a count, or nothing. */
interface SkippedLines {
  readonly end: number;
  readonly lost: string;
}

/** A line that changes the limit, and so fails where it is readonly; shells then skip more than the line. */
export interface LimitLine {
  /** Empty for a file of the system. */
  readonly user: string;
  readonly form: LimitForm;
  readonly file: string;
  readonly line: number;
  /** The rest of the command that the line stands in. */
  readonly command: SkippedLines;
  /** The rest of the file. */
  readonly rest: SkippedLines;
}
