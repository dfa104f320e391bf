/** A run that changed hosts, as a row of `applied` and back: the same in both stores. */
import { countBy } from "../../core/verdict/outcome.ts";
import type { AppliedHost, AppliedRun, AppliedSummary } from "../../model/record/history-views.ts";

/** What is read of a row. */
export interface AppliedRow {
  readonly id: number;
  readonly name: string;
  readonly started: string;
  readonly finished: string | null;
  readonly about: string;
}

type About = Pick<AppliedSummary, "command" | "owner" | "curfew" | "policy" | "outcomes">;

/** What of a run has no column of its own, as JSON. */
export function aboutApplied({ command, owner, curfew, policy, hosts }: AppliedRun): string {
  const outcomes = countBy(hosts.map(({ outcome }) => outcome));
  return JSON.stringify({ command, owner, curfew, policy, outcomes } satisfies About);
}

/** One line of the list. */
export function summaryOfApplied({ name, started, finished, about }: AppliedRow): AppliedSummary {
  return { runId: name, startedAt: started, finishedAt: finished, ...(JSON.parse(about) as About) };
}

/** A run with its hosts; `result`: what is stored of one. */
export function wholeApplied(
  row: AppliedRow,
  results: readonly { readonly host: string; readonly result: number }[],
  get: <T>(id: number) => T,
): AppliedRun {
  const hosts = results.map(({ host, result }) => {
    const { outcome, message, changed } = get<Omit<AppliedHost, "host">>(result);
    return message === undefined ? { host, outcome, changed } : { host, outcome, message, changed };
  });
  const { outcomes: _, ...rest } = summaryOfApplied(row);
  return { ...rest, hosts };
}
