import type { SourcePosition } from "../inventory/host.ts";

/** Something about a file that somebody wrote: a mistake, or what is allowed and probably not meant. */
export interface LintFinding {
  readonly severity: "error" | "warning";
  readonly position: SourcePosition;
  readonly message: string;
}
