/** What is news in an audit. Pure. */
import {
  ALERT_EVENTS,
  type Alert,
  type AlertEvent,
  type ExpiringExemption,
  type UnfinishedAudit,
} from "../../model/record/alert.ts";
import type { AuditContext, AuditRun, FindingChange } from "../../model/record/audit.ts";
import type { Policy } from "../../model/policy/policy.ts";
import { changeKind } from "./changes.ts";
import { findingKey } from "../verdict/finding-key.ts";
import { isOpen } from "../verdict/outcome.ts";

/** Everything an audit has to tell, before it is cut to what a destination wants. */
export type News = Required<Pick<Alert, "first" | AlertEvent>> & Pick<Alert, "open">;

/** What an alert says of the run that it is about. */
export interface AlertedRun extends Pick<AuditRun, "runId" | "finishedAt"> {
  readonly policy: { readonly name: string };
  readonly inventory?: Pick<AuditRun["inventory"], "limit">;
}

/** What people know already. */
export interface Since {
  /** When the run before began, ISO time; undefined where there is none, or nobody was told of it. */
  readonly before: string | undefined;
  /** People are warned so many days before an exemption's end. */
  readonly days: number;
  /** Ends of exemptions that they were warned of, as `expiryKey` names them; undefined where nobody knows. */
  readonly warned?: readonly string[] | undefined;
}

/**
 * News of a run: what changed since the run before, or, where there is none, what fails or cannot be judged as it
 * stands; exemptions that come within `days` of their last day, each once. What stayed as it was is no news.
 */
export function newsOf(
  run: AuditRun,
  { changes }: Pick<AuditContext, "changes">,
  policy: Policy,
  since: Since,
): News {
  const { before } = since;
  const all = before === undefined ? standing(run) : changes;
  const of = (kind: string): FindingChange[] => all.filter((change) => changeKind(change) === kind);
  return {
    first: before === undefined,
    failing: of("failing"),
    recovered: of("recovered"),
    lost: of("lost"),
    // What passed and still does is no news, though no session showed it this time.
    undemonstrated: of("undemonstrated").filter(({ before: was }) => was !== "pass"),
    expiring: expiringSoon(policy, run.startedAt, since.days).filter((exemption) => isNews(exemption, since)),
    unfinished: [],
    open: standing(run).length,
  };
}

/** News of an audit that did not come to its end, and so has none of its own; or none at all. */
export function newsOfUnfinished(unfinished: UnfinishedAudit | undefined): News {
  return {
    first: false,
    failing: [],
    recovered: [],
    lost: [],
    undemonstrated: [],
    expiring: [],
    unfinished: unfinished === undefined ? [] : [unfinished],
  };
}

/** As many changes as a message carries of each kind. */
const CARRIED = 50;

/** The news that a destination wants, or undefined where there is none for it. */
export function alertFor(
  news: News,
  run: AlertedRun,
  destination: { readonly name: string; readonly on: readonly AlertEvent[] },
  undelivered: readonly string[],
): Alert | undefined {
  const wanted = ALERT_EVENTS.filter((event) => destination.on.includes(event));
  if (wanted.every((event) => news[event].length === 0)) return undefined;
  const take = <T>(event: AlertEvent, items: readonly T[]): readonly T[] =>
    wanted.includes(event) ? items.slice(0, CARRIED) : [];
  const count = wanted.reduce((sum, event) => sum + news[event].length, 0);
  const carried = wanted.reduce((sum, event) => sum + Math.min(CARRIED, news[event].length), 0);
  return {
    schema: "curfew/alert/1",
    id: `${run.runId}-${destination.name}`,
    runId: run.runId,
    at: run.finishedAt,
    policy: run.policy.name,
    ...(run.inventory === undefined ? {} : { limit: run.inventory.limit }),
    ...(news.open === undefined ? {} : { open: news.open }),
    first: news.first,
    failing: take("failing", news.failing),
    recovered: take("recovered", news.recovered),
    lost: take("lost", news.lost),
    undemonstrated: take("undemonstrated", news.undemonstrated),
    expiring: take("expiring", news.expiring),
    unfinished: take("unfinished", news.unfinished),
    omitted: count - carried,
    undelivered,
  };
}

/** What fails or is unknown without an audit to compare with, as changes from nothing. */
function standing({ hosts, findings }: AuditRun): FindingChange[] {
  const all = [{ host: "", findings }, ...hosts];
  return all.flatMap(({ host, findings: own }) =>
    own
      .filter(isOpen)
      .map((finding) => ({ host, key: findingKey(finding), before: null, after: finding.outcome, finding })),
  );
}

/** Whether people were told of an audit that began while this one ran. One that began later still had another clock. */
export function isOvertaken(
  { startedAt, finishedAt }: Pick<AuditRun, "startedAt" | "finishedAt">,
  last: { readonly startedAt: string } | undefined,
): boolean {
  return last !== undefined && startedAt < last.startedAt && last.startedAt <= finishedAt;
}

/** Exemptions within `days` of their last day, that day included; those past their end are findings. */
export function expiringSoon({ exemptions }: Policy, startedAt: string, days: number): ExpiringExemption[] {
  const today = startedAt.slice(0, 10);
  return exemptions
    .filter(({ expires }) => expires >= today && daysLater(expires, -days) <= today)
    .map(({ name, owner, expires }) => ({ name, owner, expires }));
}

/** Names an exemption's end: one that is put off ends anew. */
export function expiryKey({ name, expires }: ExpiringExemption): string {
  return `${expires} ${name}`;
}

/** Where nobody knows who was warned, those that came near since the run before. */
function isNews(exemption: ExpiringExemption, { before, days, warned }: Since): boolean {
  if (warned !== undefined) return !warned.includes(expiryKey(exemption));
  return before === undefined || before.slice(0, 10) < daysLater(exemption.expires, -days);
}

function daysLater(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}
