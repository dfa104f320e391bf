import type { AuditContext, RunSummary } from "../../model/record/audit.ts";
import type { History } from "../../model/record/history.ts";

/** As many runs as a report can draw. */
const TREND = 100;

/** What a history says beside one of its runs. */
export interface BesideRun {
  readonly context: AuditContext;
  /** What the changes are against; undefined for the first audit. */
  readonly against: RunSummary | undefined;
}

/**
 * Earlier runs of the same policy and `-l`, and what changed.
 *
 * @param against A run's id or the beginning of one; the run before if left out.
 * @param since ISO time from which the trend begins; the newest hundred runs if left out.
 * Errors: those of the history.
 */
export async function besideRun(
  history: History,
  runId: string,
  {
    against: wanted,
    since,
  }: { readonly against?: string | undefined; readonly since?: string | undefined } = {},
): Promise<BesideRun> {
  const against = wanted === undefined ? await history.previous(runId) : await history.find(wanted);
  const trend = await history.list({ like: runId, since, last: since === undefined ? TREND : undefined });
  const changes = against === undefined ? [] : await history.changes(against.runId, runId);
  return { context: { trend, changes }, against };
}
