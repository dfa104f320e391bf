/** What differs from the run before, for people: newly failing, lost, recovered. */
import { type ChangeKind, changeKind } from "../../core/audit/changes.ts";
import { visible } from "../../core/text/visible.ts";
import type { AuditRun, FindingChange } from "../../model/record/audit.ts";
import { CHECKS } from "../../model/verdict/check.ts";
import { countOf, number } from "./words.ts";
import { hostLinks } from "./hosts.ts";

/** The kinds that are told, in their order. */
export const CHANGE_KINDS = {
  failing: { title: "Newly failing", symbol: "✗", tone: "fail" },
  lost: { title: "No longer known", symbol: "?", tone: "unknown" },
  gone: { title: "No longer judged", symbol: "–", tone: "unknown" },
  waived: { title: "Newly waived", symbol: "~", tone: "waived" },
  undemonstrated: { title: "No longer demonstrated", symbol: "◐", tone: "unknown" },
  recovered: { title: "Recovered", symbol: "=", tone: "pass" },
} as const satisfies Partial<Record<ChangeKind, object>>;
/** How many lines one kind of change has before the rest is counted. */
const LINES = 30;

/** The detail is told once, under the reasons. */
const HOSTS = 6;

type Kind = keyof typeof CHANGE_KINDS;

/** The values of `changes.hbs`. Pure. */
export function changeValues(run: AuditRun, changes: readonly FindingChange[], hasBefore: boolean) {
  const index = new Map(run.hosts.map(({ host }, position) => [host, position]));
  const lost = lostHosts(run, changes);
  const kinds = (Object.keys(CHANGE_KINDS) as Kind[]).map((kind) => {
    const those = changes.filter(
      (change) => changeKind(change) === kind && !(kind === "gone" && lost.has(change.host)),
    );
    const told = lines(those, index, run);
    const { title, symbol, tone } = CHANGE_KINDS[kind];
    return {
      title,
      symbol,
      tone,
      open: kind === "failing" || kind === "lost",
      amount: number(those.length),
      lines: told.slice(0, LINES),
      more: told.length > LINES ? `and ${number(told.length - LINES)} more` : null,
    };
  });
  const some = kinds.filter(({ lines: its }) => its.length > 0);
  return { hasBefore, nothing: some.length === 0, kinds: some };
}

/** Hosts that can no longer be judged: that one line says it, and their other findings need none. */
function lostHosts(run: AuditRun, changes: readonly FindingChange[]): ReadonlySet<string> {
  const present = new Set(run.hosts.map(({ host }) => host));
  const unjudged = changes.filter(
    ({ finding, after }) => finding.check === "host-judged" && after === "unknown",
  );
  const missing = changes.filter(
    ({ host, finding }) => !present.has(host) && finding.check !== "host-judged",
  );
  return new Set([...unjudged, ...missing].map(({ host }) => host).filter((host) => host !== ""));
}

function lines(changes: readonly FindingChange[], index: ReadonlyMap<string, number>, run: AuditRun) {
  const groups = Map.groupBy(changes, ({ finding }) =>
    [finding.check, finding.role, finding.rule ?? ""].join("\0"),
  );
  return [...groups.values()].map((group) => line(group, index, run));
}

function line(group: readonly FindingChange[], index: ReadonlyMap<string, number>, run: AuditRun) {
  const finding = group[0]?.finding;
  const names = new Set(group.map(({ host }) => host).filter((host) => host !== ""));
  const present = [...names].flatMap((name) => index.get(name) ?? []);
  const absent = [...names].filter((name) => !index.has(name));
  const details = [
    finding?.rule === undefined ? [] : [`rule ${finding.rule}`],
    finding === undefined || finding.role === "*" ? [] : [`role ${finding.role}`],
    absent.length === 0 ? [] : [`not in this audit: ${absent.slice(0, 8).join(", ")}`],
  ].flat();
  return {
    title: finding === undefined ? "" : CHECKS[finding.check].title,
    detail: visible(details.join(", ")),
    count: names.size === 0 ? "the fleet" : countOf(names.size, "host"),
    hosts: hostLinks(present, run, HOSTS),
  };
}
