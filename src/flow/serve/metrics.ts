/** The newest audit of each policy as metrics, under the names of the metrics file of an audit. */
import type { History } from "../../model/record/history.ts";
import { type FleetMetrics, renderFleetMetrics } from "../../report/format/metrics.ts";

/** Policies that are told; a label's values have to be few. */
const POLICIES = 100;

/** Prometheus text format. Of a policy, the newest finished audit of every host; a limited one where there is no other. */
export async function fleetMetricsText(history: History): Promise<string> {
  const newest = await history.newest();
  const policies = Map.groupBy(newest, ({ run }) => run.policy);
  const audits: FleetMetrics[] = [];
  for (const [policy, its] of [...policies].slice(0, POLICIES)) {
    const { run } = its.find(({ limit }) => limit === "") ?? its[0] ?? {};
    if (run === undefined || run.finishedAt === null) continue;
    const { header } = await history.frame(run.runId);
    audits.push({
      policy,
      version: header.curfew,
      profile: run.profile,
      startedAt: run.startedAt,
      finishedAt: run.finishedAt,
      verified: run.verified,
      hosts: run.hosts,
      checks: await history.checkCounts(run.runId),
    });
  }
  return renderFleetMetrics(audits);
}
