import type { RunEvent } from "../../model/change/run.ts";

/** Shows a run while it happens, on standard error. */
export interface Progress {
  /** Begins a phase: `plan`, `apply`, `verify`, `revert`. */
  begin(title: string, hosts: readonly string[]): void;
  emit(event: RunEvent): void;
  /** A message for people between events. */
  note(message: string): void;
  /** Ends the phase; the screen is free for results afterwards. */
  end(): void;
}
