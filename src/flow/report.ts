/** `curfew report`: one audit out of the history, with what changed and where it is going. Contacts no host. */
import { selectHosts } from "../core/policy/host-pattern.ts";
import type { AuditRun, RunSummary } from "../model/record/audit.ts";
import { CurfewError } from "../model/terms/error.ts";
import type { History } from "../model/record/history.ts";
import { besideRun, type BesideRun } from "./run/beside-run.ts";

export interface ReportQuery {
  /** A run's id or the beginning of one; the newest finished run if left out. */
  readonly run?: string | undefined;
  /** What to compare it with; the run before with the same policy and `-l` if left out. */
  readonly against?: string | undefined;
  /** ISO time from which the trend begins; the newest hundred runs if left out. */
  readonly since?: string | undefined;
  /** Only runs of this policy, by name. */
  readonly policy?: string | undefined;
  /** Only these hosts: names and globs, `!` excludes; as `-l`. */
  readonly host?: string | undefined;
}

export interface Report extends BesideRun {
  readonly run: AuditRun;
}

/**
 * Errors: CurfewError `input` where there is no audit yet, none of that name, or several;
 * `usage` for a pattern that selects no host.
 */
export async function makeReport(history: History, query: ReportQuery): Promise<Report> {
  const { runId } = query.run === undefined ? await newest(history, query) : await history.find(query.run);
  const beside = await besideRun(history, runId, query);
  const whole = { run: await history.load(runId), ...beside };
  return query.host === undefined ? whole : onlyHosts(whole, query.host);
}

async function newest(history: History, { policy }: ReportQuery): Promise<RunSummary> {
  const [run] = await history.list({ policy, finished: true, last: 1 });
  if (run !== undefined) return run;
  const of = policy === undefined ? "" : " of that policy";
  throw new CurfewError("input", `there is no finished audit${of} in the history`, {
    hint: "curfew audit makes one; curfew history lists those that were broken off, --run shows one",
  });
}

/** Numbers of the whole fleet would be taken for those of these hosts, so there is no trend and nothing about the fleet. */
function onlyHosts({ run, context, against }: Report, pattern: string): Report {
  const source = { file: "history" };
  const hosts = run.hosts.map(({ host: name }) => ({ name, address: name, groups: [], source }));
  const chosen = new Set(selectHosts({ hosts, groups: [], digest: "" }, pattern).map(({ name }) => name));
  return {
    run: { ...run, findings: [], hosts: run.hosts.filter(({ host }) => chosen.has(host)) },
    context: { trend: [], changes: context.changes.filter(({ host }) => chosen.has(host)) },
    against,
  };
}
