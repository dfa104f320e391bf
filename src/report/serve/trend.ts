/** Every audit of a policy, newest first, with the trend over them. */
import { visible } from "../../core/text/visible.ts";
import type { RunSummary } from "../../model/record/audit.ts";
import { renderPart } from "../html/template.ts";
import { stateText, trendValues } from "../html/trend.ts";
import { countOf, number, took, when } from "../html/words.ts";
import { address, pagerValues } from "./address.ts";
import type { FleetScope } from "./page.ts";

/** Audits on one page. */
const RUNS = 60;

/** The content of the page. `runs`: oldest first; `since`: the day from which they were asked for. */
export function renderTrend(
  runs: readonly RunSummary[],
  scope: FleetScope,
  { since, page }: { readonly since: string | undefined; readonly page: number },
): string {
  const newest = runs.toReversed();
  const shown = newest.slice((page - 1) * RUNS, page * RUNS);
  return renderPart("serve/trend", {
    policy: visible(scope.policy),
    scope: visible(scope.limit),
    amount: countOf(runs.length, "audit"),
    kept: Object.entries(scope).map(([name, value]) => ({ name, value: String(value) })),
    since: since?.slice(0, 10) ?? "",
    chart: trendValues(shown.toReversed()),
    rows: shown.map(row),
    pager: pagerValues({ total: runs.length, size: RUNS, page }, (to) =>
      address("trend", { ...scope, since, page: to }),
    ),
  });
}

function row(run: RunSummary) {
  const { runId, startedAt, finishedAt, hosts, findings } = run;
  return {
    when: when(startedAt),
    href: address("./", { run: runId }),
    changes: address("changes", { run: runId }),
    runId: visible(runId),
    took: finishedAt === null ? "" : took(startedAt, finishedAt),
    sessions: stateText(run),
    fail: number(hosts.fail),
    unknown: number(hosts.unknown),
    pass: number(hosts.pass),
    open: number(findings.fail + findings.unknown),
    waived: number(findings.waived),
  };
}
