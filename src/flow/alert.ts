/** Tells people what is news in an audit: written down first, then delivered, what fails again with the next audit. */
import { type AlertedRun, alertFor, type News, newsOf } from "../core/audit/alert.ts";
import {
  type Alert,
  type Alerts,
  type AlertEvent,
  DeliveryError,
  type Outbox,
  type QueuedAlert,
  type Told,
} from "../model/record/alert.ts";
import { CurfewError } from "../model/terms/error.ts";
import type { History } from "../model/record/history.ts";
import type { Policy } from "../model/policy/policy.ts";
import type { Audit } from "./audit.ts";

/** Somewhere an alert goes. */
export interface Destination {
  readonly name: string;
  readonly on: readonly AlertEvent[];
  /** One attempt. Errors: DeliveryError; another CurfewError where the next audit may do better, not sooner. */
  deliver(alert: Alert): Promise<void>;
}

/** An audit, compared with the last one that people were told of. */
interface ComparedAudit extends Pick<Audit, "run" | "context" | "before"> {
  readonly warned?: readonly string[] | undefined;
}

export interface AlertSetting {
  readonly alerts: Pick<Alerts, "expiring_within">;
  readonly destinations: readonly Destination[];
  readonly queue: Pick<Outbox, "add" | "take" | "keep" | "done" | "putBack" | "giveUp">;
  /** What counts as told with these news: stored together with them, before the first is delivered. */
  readonly told?: Told | undefined;
  /** Waits so many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** What became of the alerts of one audit. */
export interface AlertOutcome {
  readonly delivered: number;
  /** What went wrong, for people, one per destination. */
  readonly failures: readonly string[];
}

/** Waits before the second and third attempt. */
const PAUSES = [1000, 4000] as const;

/**
 * Queues the news of an audit for every destination that wants it, then delivers whatever waits, oldest first. One
 * destination that fails does not keep the others waiting. Never rejects for the sake of a destination.
 */
export async function sendAlerts(
  { run, context, before, warned }: ComparedAudit,
  policy: Policy,
  setting: AlertSetting,
): Promise<AlertOutcome> {
  return sendNews(
    newsOf(run, context, policy, { before, days: setting.alerts.expiring_within, warned }),
    run,
    setting,
  );
}

/**
 * What changed since the audit that people were told of last. That need not be the audit before: one by hand tells
 * nobody, and one that was killed between its end and its alerts has told nobody.
 */
export async function sinceTold(
  made: Audit,
  last: { readonly runId: string; readonly startedAt: string } | undefined,
  history: History | undefined,
): Promise<Pick<Audit, "run" | "context" | "before">> {
  const { run, context, before } = made;
  if (made.unstored !== undefined || last?.startedAt === before) return made;
  if (last === undefined || history === undefined) return { run, context, before: undefined };
  try {
    const changes = await history.changes(last.runId, run.runId);
    return { run, context: { ...context, changes }, before: last.startedAt };
  } catch (error) {
    // Forgotten since, by `--keep`: what changed before the audit by hand in between, nobody can tell any more.
    if (error instanceof CurfewError) return { run, context, before: undefined };
    throw error;
  }
}

/** The same for news that is there already. */
export async function sendNews(
  news: News,
  run: AlertedRun,
  setting: Omit<AlertSetting, "alerts">,
): Promise<AlertOutcome> {
  const { destinations, queue } = setting;
  const lost: string[] = [];
  const queued: QueuedAlert[] = [];
  for (const destination of destinations) {
    const undelivered = await queue.giveUp(destination.name);
    lost.push(...undelivered.map((id) => `${destination.name}: given up after a week: ${id}`));
    const alert = alertFor(news, run, destination, undelivered);
    if (alert !== undefined) queued.push({ destination: destination.name, alert });
  }
  await queue.add(queued, setting.told);
  const outcomes = await Promise.all(destinations.map((destination) => empty(destination, setting)));
  return {
    delivered: outcomes.reduce((sum, { delivered }) => sum + delivered, 0),
    failures: [...lost, ...outcomes.flatMap(({ failures }) => failures)],
  };
}

async function empty(
  destination: Destination,
  { queue, pause }: Pick<AlertSetting, "queue" | "pause">,
): Promise<AlertOutcome> {
  const waiting = await queue.take(destination.name);
  let delivered = 0;
  let failure: string | undefined;
  for (const queued of waiting) {
    const end = failure === undefined ? await attempt(destination, queued, { queue, pause }) : "failed";
    if (end === "delivered") {
      await queue.done(queued);
      delivered += 1;
    } else if (end !== "taken") {
      failure ??= end;
      await queue.putBack(queued);
    }
  }
  return { delivered, failures: failure === undefined ? [] : [failure] };
}

/** `delivered`; `taken`: another process has it, since this one was thought dead; or what went wrong. */
async function attempt(
  destination: Destination,
  queued: QueuedAlert,
  { queue, pause }: Pick<AlertSetting, "queue" | "pause">,
): Promise<string> {
  for (const wait of [...PAUSES, undefined]) {
    if (!(await queue.keep(queued))) return "taken";
    try {
      await destination.deliver(queued.alert);
      return "delivered";
    } catch (error) {
      if (!(error instanceof CurfewError)) throw error;
      const again = error instanceof DeliveryError && error.again;
      if (!again || wait === undefined) return `${error.message}; the next audit tries again`;
      await pause(wait);
    }
  }
  return "taken";
}
