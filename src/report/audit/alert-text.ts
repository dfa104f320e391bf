/** An alert in words, for mail and chat. */
import { SIGNS } from "../layout/signs.ts";
import { visible } from "../../core/text/visible.ts";
import type { Alert } from "../../model/record/alert.ts";
import type { FindingChange } from "../../model/record/audit.ts";
import { CHECKS } from "../../model/verdict/check.ts";

/** `curfew: production: 3 newly failing, 1 recovered`; printable ASCII is not promised. */
export function alertSubject(alert: Alert): string {
  const counts = [
    [alert.failing.length, alert.first ? "failing" : "newly failing"],
    [alert.lost.length, "cannot be judged"],
    [alert.recovered.length, "recovered"],
    [alert.undemonstrated?.length ?? 0, "no longer demonstrated"],
    [alert.unfinished.length, "audit did not finish"],
    [alert.expiring.length, alert.expiring.length === 1 ? "exemption ends soon" : "exemptions end soon"],
  ] as const;
  const parts = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return `curfew: ${visible(alert.policy)}: ${parts.join(", ")}`;
}

/** The alert as plain text, lines ended by newlines. */
export function alertText(alert: Alert): string {
  const sections = [
    section(
      alert.first ? "Failing, as of the first audit:" : "Newly failing:",
      SIGNS.fails.sign,
      alert.failing,
    ),
    section("Cannot be judged:", SIGNS.unknown.sign, alert.lost),
    section("Recovered:", SIGNS.holds.sign, alert.recovered),
    section(
      "No longer demonstrated (a session showed the failure; no session was opened since):",
      SIGNS.daemon.sign,
      alert.undemonstrated ?? [],
    ),
    lines(
      "Exemptions that end soon:",
      alert.expiring.map(
        ({ name, owner, expires }) =>
          `${SIGNS.exempt.sign} ${visible(name)}, until ${expires} (${visible(owner)})`,
      ),
    ),
    lines(
      "This audit did not come to its end; nothing was judged since:",
      alert.unfinished.map(
        ({ schedule, startedAt, reason }) =>
          `${SIGNS.open.sign} ${visible(schedule)}, begun ${startedAt}: ${visible(reason)}`,
      ),
    ),
    alert.omitted === 0 ? [] : [`and ${alert.omitted} more: curfew report --run ${alert.runId}`],
    lines("Alerts that could not be delivered in time:", alert.undelivered.map(visible)),
    // An audit without an end may have no entry in the history.
    [
      alert.unfinished.length > 0
        ? `curfew history   ${alert.at}`
        : `curfew report --run ${alert.runId}   ${alert.at}`,
    ],
  ];
  return `${sections
    .filter((each) => each.length > 0)
    .map((each) => each.join("\n"))
    .join("\n\n")}\n`;
}

/** The body of a Slack message (https://docs.slack.dev/messaging/formatting-message-text): `{ text }`. */
export function slackBody(alert: Alert): string {
  const text = `*${escapeSlack(alertSubject(alert))}*\n${escapeSlack(alertText(alert))}`;
  return JSON.stringify({ text });
}

/** Otherwise a host's text could call people or make links: `<!channel>`. */
function escapeSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function section(title: string, symbol: string, changes: readonly FindingChange[]): string[] {
  const alike = Map.groupBy(changes, placeOf);
  return lines(
    title,
    changes.map((change) => {
      const { host, finding } = change;
      const { check, role, subject, actual, control } = finding;
      // A mechanism is named where nothing else tells two lines apart.
      const mechanism = (alike.get(placeOf(change))?.length ?? 0) > 1 ? control : undefined;
      const parts = [mechanism, role === "*" ? undefined : role, subject];
      const who = parts.filter((part) => part !== undefined);
      const about = who.length === 0 ? "" : ` (${visible(who.join(", "))})`;
      return `${symbol} ${host === "" ? "the fleet" : visible(host)}: ${CHECKS[check].title}${about}: ${visible(actual)}`;
    }),
  );
}

/** What a line says before its colon. */
function placeOf({ host, finding: { check, role, subject } }: FindingChange): string {
  return JSON.stringify([host, check, role, subject]);
}

function lines(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [title, ...items.map((item) => `  ${item}`)];
}
