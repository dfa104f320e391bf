import packageData from "../../../package.json" with { type: "json" };
import type { AppliedRun } from "../../model/record/history-views.ts";
import { UnknownEndError } from "../../model/terms/error.ts";
import type { HostResult } from "../../model/change/run.ts";
import { type StoreOptions, withHistory } from "../options/history-access.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** A run that changes hosts, as far as it is known when it begins. */
export type AppliedHead = Pick<AppliedRun, "runId" | "command" | "owner" | "startedAt" | "policy">;

/**
 * Tells the history who changes hosts; called again with the results, what became of them. Never rejects: as with the
 * journal, the hosts matter more, so a history that does not take it is a warning.
 */
export async function rememberApplied(
  head: AppliedHead,
  results: readonly HostResult[] | undefined,
  terminal: Terminal,
  warn: (message: string) => void,
  store: StoreOptions = {},
): Promise<void> {
  const hosts = (results ?? []).map(({ host, outcome, message, error, changed = [] }) => {
    const said = message ?? error?.message;
    return said === undefined ? { host, outcome, changed } : { host, outcome, message: said, changed };
  });
  const finishedAt = results === undefined ? null : new Date().toISOString();
  const run = { ...head, curfew: packageData.version, finishedAt, hosts };
  await withHistory(terminal, store, (history) => history.recordApplied(run)).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    const unknown = error instanceof UnknownEndError;
    warn(
      `${unknown ? "whether the history has this run is unknown" : "the history does not have this run"}: ${reason}`,
    );
  });
}
