/** An alert as the bodies that Microsoft Teams and PagerDuty take. */
import { visible } from "../../core/text/visible.ts";
import type { Alert } from "../../model/record/alert.ts";
import type { Secret } from "../../model/terms/secret.ts";
import { alertSubject, alertText } from "./alert-text.ts";

/** Teams refuses messages of more than 28 KB. */
const TEAMS_BYTES = 24_000;

/**
 * A message with an Adaptive Card, for a webhook of Teams' Workflows
 * (https://learn.microsoft.com/en-us/connectors/teams/#microsoft-teams-webhook). Text of hosts stands in text runs, where
 * Markdown means nothing, so that it makes no links.
 */
export function teamsBody(alert: Alert): string {
  const lines = alertText(alert)
    .split("\n")
    .filter((line) => line !== "");
  for (let shown = lines.length; shown >= 0; shown -= 1) {
    const left = lines.length - shown;
    const rest = left === 0 ? [] : [`and ${left} more lines: curfew report --run ${alert.runId}`];
    const body = JSON.stringify(teamsMessage(alertSubject(alert), [...lines.slice(0, shown), ...rest]));
    if (Buffer.byteLength(body) <= TEAMS_BYTES) return body;
  }
  return JSON.stringify(teamsMessage("curfew: an alert that is too long for Teams", []));
}

function teamsMessage(subject: string, lines: readonly string[]): object {
  const title = { ...textBlock(subject), inlines: [{ type: "TextRun", text: subject, weight: "Bolder" }] };
  const content = {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.4",
    body: [title, ...lines.map(textBlock)],
    msteams: { width: "Full" },
  };
  const contentType = "application/vnd.microsoft.card.adaptive";
  return { type: "message", attachments: [{ contentType, contentUrl: null, content }] };
}

function textBlock(text: string): object {
  return { type: "RichTextBlock", spacing: "Small", inlines: [{ type: "TextRun", text }] };
}

/** https://developer.pagerduty.com/docs/send-alert-event: of a summary and of a key. */
const SUMMARY = 1024;
const KEY = 255;
const DETAILS = 100_000;

/**
 * An event of PagerDuty's Events API v2. What fails or is unknown opens one incident per policy and `-l`, and the audit
 * in which nothing does any more resolves it; what ends by itself, or is no finding, has an incident of its own.
 */
export function pagerdutyBody(alert: Alert, routingKey: Secret): string {
  const { id, at, policy, runId } = alert;
  const changes = [...alert.failing, ...alert.lost, ...alert.recovered, ...(alert.undemonstrated ?? [])];
  const hosts = [...new Set(changes.map(({ host }) => host))];
  const key = `curfew ${visible(policy)} ${visible(alert.limit ?? "")}`.trimEnd();
  return JSON.stringify({
    routing_key: routingKey.reveal(),
    event_action: isResolved(alert) ? "resolve" : "trigger",
    dedup_key: clip(changes.length === 0 ? id : key, KEY),
    client: "curfew",
    payload: {
      summary: clip(alertSubject(alert), SUMMARY),
      source: hosts.length === 1 && hosts[0] ? visible(hosts[0]) : visible(policy),
      severity: severityOf(alert),
      timestamp: at,
      class: "idle sessions",
      group: visible(policy),
      custom_details: { audit: runId, text: clip(alertText(alert), DETAILS) },
    },
  });
}

/** Only where the audit says that nothing is open: what this alert does not carry may still fail. */
function isResolved({
  failing,
  lost,
  recovered,
  undemonstrated = [],
  unfinished,
  expiring,
  open,
}: Alert): boolean {
  const news = failing.length + lost.length + undemonstrated.length + unfinished.length + expiring.length;
  return open === 0 && news === 0 && recovered.length > 0;
}

function severityOf({ failing, lost, unfinished, expiring, undemonstrated = [] }: Alert): string {
  if (failing.length + lost.length + unfinished.length > 0) return "error";
  return expiring.length + undemonstrated.length > 0 ? "warning" : "info";
}

function clip(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
}
