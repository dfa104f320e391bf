/** Tells people what is news in an audit: written down first, then delivered, what fails again with the next audit. */
import { type AlertedRun, alertFor, type News, newsOf } from "../core/audit/alert.ts";
import {
  type Alert,
  type Alerts,
  type AlertEvent,
  DeliveryError,
  type QueuedAlert,
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

/** As `store/schedule/outbox.ts` has it. */
interface AlertQueue {
  add(queued: QueuedAlert): Promise<void>;
  take(destination: string): Promise<QueuedAlert[]>;
  done(queued: QueuedAlert): Promise<void>;
  putBack(queued: QueuedAlert): Promise<void>;
  giveUp(destination: string): Promise<string[]>;
}

/** An audit, compared with the last one that people were told of. */
interface Told extends Pick<Audit, "run" | "context" | "before"> {
  readonly warned?: readonly string[] | undefined;
}

export interface AlertSetting {
  readonly alerts: Pick<Alerts, "expiring_within">;
  readonly destinations: readonly Destination[];
  readonly queue: AlertQueue;
  /** Called when all news would survive a power cut, before the first is delivered. */
  readonly queued?: () => Promise<void>;
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
  { run, context, before, warned }: Told,
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
  for (const destination of destinations) {
    const undelivered = await queue.giveUp(destination.name);
    lost.push(...undelivered.map((id) => `${destination.name}: given up after a week: ${id}`));
    const alert = alertFor(news, run, destination, undelivered);
    if (alert !== undefined) await queue.add({ destination: destination.name, alert });
  }
  await setting.queued?.();
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
    failure ??= await attempt(destination, queued.alert, pause);
    if (failure !== undefined) await queue.putBack(queued);
    else {
      await queue.done(queued);
      delivered += 1;
    }
  }
  return { delivered, failures: failure === undefined ? [] : [failure] };
}

/** Undefined where it was delivered. */
async function attempt(
  destination: Destination,
  alert: Alert,
  pause: AlertSetting["pause"],
): Promise<string | undefined> {
  for (const wait of [...PAUSES, undefined]) {
    try {
      await destination.deliver(alert);
      return undefined;
    } catch (error) {
      if (!(error instanceof CurfewError)) throw error;
      const again = error instanceof DeliveryError && error.again;
      if (!again || wait === undefined) return `${error.message}; the next audit tries again`;
      await pause(wait);
    }
  }
  return undefined;
}
