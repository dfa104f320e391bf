/** Telling people: of what changed since they were told last, and of an audit that did not come to its end. */
import { setTimeout as pause } from "node:timers/promises";
import { visible } from "../../core/text/visible.ts";
import { expiringSoon, expiryKey, isOvertaken, newsOfUnfinished } from "../../core/audit/alert.ts";
import { type AlertOutcome, type AlertSetting, sendAlerts, sendNews, sinceTold } from "../../flow/alert.ts";
import type { Audit } from "../../flow/audit.ts";
import type { Alerts, Outbox, UnfinishedAudit } from "../../model/record/alert.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { History } from "../../model/record/history.ts";
import type { Policy } from "../../model/policy/policy.ts";
import { alertDestinations } from "./alert-destinations.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Where alerts go, and how. */
export interface AlertRequest {
  readonly alerts: Alerts;
  /** Opens what waits to be delivered. */
  readonly outbox: () => Promise<Outbox>;
  readonly now: () => Date;
  readonly aborting: AbortSignal;
  readonly terminal: Terminal;
  readonly quiet: boolean;
}

/** What an audit's alerts are about. */
export interface AuditNews {
  readonly policy: Policy;
  /** Whose memory of what was told it is: the alerts file's, or that of a schedule of many machines. */
  readonly source: string;
  readonly history: History | undefined;
}

/** What is told of one source, policy and `-l` is remembered by itself. */
export function toldKey(source: string, { policy, inventory }: Audit["run"]): string {
  return JSON.stringify([source, policy.name, inventory.limit]);
}

/**
 * Tells everybody whom the alerts file names what is news, and writes the metrics. Returns the error that says what
 * was not delivered or written, for after the audit's own result. Never rejects for the sake of a destination or of
 * a full disk.
 */
export async function tellOfAudit(
  made: Audit,
  about: AuditNews,
  request: AlertRequest,
): Promise<CurfewError | undefined> {
  const metrics = await writeMetrics(made, request.alerts);
  return report(request, metrics, async (setting, outbox) => {
    const { run } = made;
    const key = toldKey(about.source, run);
    const last = await outbox.lastTold(key);
    // What this one saw is older than what people were told: it would call recovered what has failed since.
    if (isOvertaken(run, last)) return sendNews(newsOfUnfinished(undefined), run, setting);
    const compared = { ...(await sinceTold(made, last, about.history)), warned: last?.warned };
    const against = made.unstored === undefined ? run : last;
    const soon = expiringSoon(about.policy, run.startedAt, request.alerts.expiring_within);
    const warned = soon.map(expiryKey);
    const told = against && {
      key,
      audit: { runId: against.runId, startedAt: against.startedAt, warned },
    };
    return sendAlerts(compared, about.policy, { ...setting, alerts: request.alerts, told });
  });
}

/**
 * Tells everybody who wants to know that an audit did not come to its end, and delivers what waits; without one, only
 * that. Returns and rejects as `tellOfAudit`.
 */
export async function tellOfUnfinished(
  unfinished: UnfinishedAudit | undefined,
  policy: string,
  runId: string,
  request: AlertRequest,
): Promise<CurfewError | undefined> {
  return report(request, [], async (setting) => {
    const run = { runId, finishedAt: request.now().toISOString(), policy: { name: policy } };
    return sendNews(newsOfUnfinished(unfinished), run, setting);
  });
}

type Send = (setting: Omit<AlertSetting, "alerts">, outbox: Outbox) => Promise<AlertOutcome>;

async function report(
  request: AlertRequest,
  before: readonly string[],
  send: Send,
): Promise<CurfewError | undefined> {
  const { terminal, quiet } = request;
  const outcome = await attempt(request, send);
  if (outcome.delivered > 0 && !quiet) {
    terminal.err(`${terminal.errPaint.dim(`alerts delivered: ${outcome.delivered}`)}\n`);
  }
  const failures = [...outcome.failures, ...before];
  if (failures.length === 0) return undefined;
  return new CurfewError("remote", `not everybody was told: ${failures.map(visible).join("; ")}`, {
    hint: "the audit itself is complete and stored; see the alerts file",
  });
}

async function attempt(
  { alerts, outbox: open, now, aborting, terminal }: AlertRequest,
  send: Send,
): Promise<AlertOutcome> {
  const wait = async (milliseconds: number): Promise<void> => {
    await pause(milliseconds, undefined, { signal: aborting }).catch(() => {});
  };
  let outbox: Outbox | undefined;
  try {
    outbox = await open();
    const destinations = alertDestinations(alerts, {
      signal: aborting,
      environment: terminal.environment,
      now,
    });
    return await send({ destinations, queue: outbox, pause: wait }, outbox);
  } catch (error) {
    // A full disk, a directory out of reach: the audit's own result must still be seen.
    const reason = error instanceof Error ? error.message : String(error);
    return { delivered: 0, failures: [`no destination: ${reason}`] };
  } finally {
    await outbox?.close();
  }
}

/** For node_exporter, whose account is another: readable for all, and only names of hosts in it. */
async function writeMetrics({ run }: Audit, { metrics }: Alerts): Promise<string[]> {
  if (metrics === undefined) return [];
  const [{ renderMetrics }, { writeAtomically }] = await Promise.all([
    import("../../report/format/metrics.ts"),
    import("../../store/file/atomic-write.ts"),
  ]);
  try {
    await writeAtomically(metrics, renderMetrics(run), 0o644);
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [`metrics: ${reason}`];
  }
}
