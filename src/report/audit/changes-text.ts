/** What changed since an earlier audit, and where the fleet is going. */
import { type SignName, signText } from "../layout/signs.ts";
import { type ChangeKind, changeKind } from "../../core/audit/changes.ts";
import { visible } from "../../core/text/visible.ts";
import type { AuditContext, FindingChange, RunSummary } from "../../model/record/audit.ts";
import { CHECKS } from "../../model/verdict/check.ts";

import { type AuditView, count, hostList, timeText } from "./words.ts";
import { table } from "../layout/columns.ts";
import { groupAlike } from "../layout/groups.ts";
import type { Paint } from "../layout/paint.ts";
import { wrap } from "../layout/wrap.ts";

/** How many lines one kind of change takes, unless verbose. */
const LINES = 6;
/** Columns of a sparkline. */
const SPARK = 32;

const KINDS: readonly (readonly [ChangeKind, SignName, string])[] = [
  ["failing", "fails", "newly failing"],
  ["lost", "unknown", "can no longer be judged"],
  ["waived", "exempt", "waived now"],
  ["recovered", "holds", "recovered"],
  ["undemonstrated", "daemon", "no longer demonstrated"],
];

/** Newly failing, lost, waived and recovered, equal changes of many hosts as one; empty for a first audit. */
export function changeLines(
  { trend, changes }: AuditContext,
  against: Pick<RunSummary, "startedAt"> | undefined,
  view: AuditView,
): string[] {
  const { paint } = view;
  const before = against ?? trend.filter(({ state }) => state === "finished").at(-2);
  if (before === undefined && changes.length === 0) return [];
  const since = before === undefined ? "the audit before" : timeText(before.startedAt);
  const byKind = Map.groupBy(changes, changeKind);
  const [gone, fresh] = [byKind.get("gone") ?? [], byKind.get("new") ?? []];
  const quiet = [
    ...(gone.length === 0 ? [] : [`${count(gone.length, "finding")} no longer checked`]),
    ...(fresh.length === 0 ? [] : [`${count(fresh.length, "finding")} checked for the first time`]),
  ];
  const lines = KINDS.flatMap(([kind, sign, words]) =>
    kindLines(byKind.get(kind) ?? [], `${signText(sign, paint)} ${paint.bold(words)}`, view),
  );
  return [
    paint.bold(`Since ${since}`),
    ...(lines.length === 0
      ? [`  ${signText("holds", paint)} nothing newly failing, lost or recovered`]
      : lines),
    ...(quiet.length === 0 ? [] : [`  ${paint.dim(quiet.join(", "))}`]),
  ];
}

function kindLines(changes: readonly FindingChange[], title: string, view: AuditView): string[] {
  if (changes.length === 0) return [];
  const groups = mergedRoles(groupAlike(changes, ({ key }) => key)).toSorted(
    (a, b) => b.hosts.length - a.hosts.length,
  );
  const shown = view.verbose ? groups : groups.slice(0, LINES);
  const rest = groups.length - shown.length;
  return [
    `  ${title}: ${count(changes.length, "finding")}`,
    ...shown.flatMap((group) => groupLines(group, view)),
    ...(rest === 0 ? [] : [view.paint.dim(`    and ${count(rest, "more")}; -v`)]),
  ];
}

interface Group {
  readonly finding: FindingChange["finding"];
  readonly roles: readonly string[];
  readonly hosts: readonly string[];
}

/** Findings that changed on the same hosts and differ in their role alone are one line. */
function mergedRoles(groups: readonly (readonly [FindingChange, ...FindingChange[]])[]): Group[] {
  return groupAlike(groups, (group) => {
    const { check, control, rule, subject } = group[0].finding;
    return [check, control, rule, subject, group.map(({ host }) => host)];
  }).map((same) => ({
    finding: same[0][0].finding,
    roles: same.map((group) => group[0].finding.role).filter((role) => role !== "*"),
    hosts: same[0].map(({ host }) => host).filter((host) => host !== ""),
  }));
}

function groupLines({ finding, roles, hosts }: Group, view: AuditView): string[] {
  const { control, rule, subject, check } = finding;
  const parts = [control === "host" ? "" : control, roles.join(", "), rule ?? "", subject ?? ""];
  const about = parts.filter((part) => part !== "").join(" ");
  const text = visible(`${CHECKS[check].title}${about === "" ? "" : ` (${about})`}`);
  return [
    ...wrap(text, view.columns - 4, 2).map((line) => `    ${line}`),
    ...(hosts.length === 0 ? [] : hostList(hosts, 6, view).map((line) => `      ${view.paint.dim(line)}`)),
  ];
}

/** Failing and unknown hosts and failing findings over the finished runs, as sparklines; empty for fewer than two. */
export function trendLines({ trend }: AuditContext, paint: Paint): string[] {
  const runs = trend.filter(({ state }) => state === "finished");
  const [first, last] = [runs[0], runs.at(-1)];
  if (first === undefined || last === undefined || runs.length < 2) return [];
  const row = (title: string, valueOf: (run: RunSummary) => number): string[] => {
    const values = runs.map(valueOf);
    return [
      title,
      sparkline(values),
      `${values[0]} → ${values.at(-1)}`,
      paint.dim(`highest ${Math.max(...values)}`),
    ];
  };
  const rows = [
    row("hosts failing", ({ hosts }) => hosts.fail),
    row("hosts unknown", ({ hosts }) => hosts.unknown),
    row("findings failing", ({ findings }) => findings.fail),
  ];
  const head = `Trend: ${count(runs.length, "audit")} from ${timeText(first.startedAt)} to ${timeText(last.startedAt)}`;
  return [paint.bold(head), ...table(rows).map((line) => `  ${line}`)];
}

const BARS = [..."▁▂▃▄▅▆▇█"];

/** Numbers as bars; zero is always the lowest, anything above it is not. More than fit: the highest of each stretch. */
export function sparkline(values: readonly number[]): string {
  const cells = Math.min(values.length, SPARK);
  const bars = Array.from({ length: cells }, (_, cell) => {
    const from = Math.floor((cell * values.length) / cells);
    return Math.max(...values.slice(from, Math.floor(((cell + 1) * values.length) / cells)));
  });
  const highest = Math.max(...bars, 1);
  const step = (value: number): number =>
    value === 0 ? 0 : Math.max(1, Math.round((value / highest) * (BARS.length - 1)));
  return bars.map((value) => BARS[step(value)]).join("");
}
