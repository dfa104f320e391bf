import packageData from "../../../package.json" with { type: "json" };
import type { AppliedRun } from "../../model/history-views.ts";
import type { HostResult } from "../../model/run.ts";
import { withHistory } from "../options/history-access.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** A run that changes hosts, as far as it is known when it begins. */
export type AppliedHead = Pick<AppliedRun, "runId" | "command" | "owner" | "startedAt" | "policy">;

/** Remembers that a run changes hosts; `results`: what became of them, once it has ended. Errors: those of the history. */
export async function rememberApplied(
  head: AppliedHead,
  end: { readonly finishedAt: string; readonly results: readonly HostResult[] } | undefined,
  terminal: Terminal,
): Promise<void> {
  const hosts = (end?.results ?? []).map(({ host, outcome, message, error, changed = [] }) => {
    const said = message ?? error?.message;
    return said === undefined ? { host, outcome, changed } : { host, outcome, message: said, changed };
  });
  const finishedAt = end?.finishedAt ?? null;
  const run = { ...head, curfew: packageData.version, finishedAt, hosts };
  await withHistory(terminal, {}, (history) => history.recordApplied(run));
}
