import { SIGNS } from "../layout/signs.ts";
import { countBy } from "../../core/verdict/outcome.ts";
import { visible, visibleLines } from "../../core/text/visible.ts";
import type { HostOutcome, HostResult } from "../../model/change/run.ts";
import { table } from "../layout/columns.ts";
import { hostNames } from "../layout/groups.ts";
import type { Paint } from "../layout/paint.ts";

const OUTCOME_SYMBOLS: Readonly<Record<HostOutcome, string>> = {
  unchanged: SIGNS.holds.sign,
  // A full new login has shown it.
  confirmed: SIGNS.shown.sign,
  "rolled-back": "↩",
  failed: SIGNS.fails.sign,
  unknown: SIGNS.unknown.sign,
  skipped: SIGNS.none.sign,
};
const ORDER = Object.keys(OUTCOME_SYMBOLS) as HostOutcome[];
const GOOD: ReadonlySet<HostOutcome> = new Set(["unchanged", "confirmed"]);

/** Up to this many changed files are named. */
const NAMED = 2;

/** Above this many hosts, those where all is well are named in one line per outcome. */
const LISTED = 30;

/**
 * The results of `apply` or `revert`: one row per host, the hint of each error below it, and a
 * last line with the totals. `title` is its first word.
 */
export function resultText(
  results: readonly HostResult[],
  { title, paint, verbose }: { readonly title: string; readonly paint: Paint; readonly verbose: boolean },
): string {
  const collapse = results.length > LISTED && !verbose;
  const listed = collapse ? results.filter(({ outcome }) => !GOOD.has(outcome)) : results;
  const collapsed = collapse ? collapsedLines(results, paint) : [];
  const rows = table(listed.map((result) => row(result, paint)));
  const withHints = (result: HostResult, index: number): string[] => [
    rows[index] ?? "",
    ...hintLines(result),
  ];
  const lines = listed.flatMap(withHints);
  return `${[...collapsed, ...lines, resultSummary(results, title, paint)].join("\n")}\n`;
}

/** `Apply: 3 confirmed, 1 rolled-back`. */
function resultSummary(results: readonly HostResult[], title: string, paint: Paint): string {
  const counts = countBy(results.map(({ outcome }) => outcome));
  const parts = ORDER.filter((outcome) => counts[outcome] !== undefined).map((outcome) => {
    const text = `${counts[outcome]} ${outcome}`;
    return GOOD.has(outcome) ? text : paint.red(text);
  });
  return `${paint.bold(`${title}:`)} ${parts.length === 0 ? "no hosts" : parts.join(", ")}`;
}

function collapsedLines(results: readonly HostResult[], paint: Paint): string[] {
  return [...GOOD].flatMap((outcome) => {
    const names = results.filter((result) => result.outcome === outcome).map(({ host }) => host);
    return names.length === 0 ? [] : [`${symbol(outcome, paint)} ${outcome}: ${hostNames(names, false)}`];
  });
}

function row(result: HostResult, paint: Paint): string[] {
  const said = result.message ?? result.error?.message ?? "";
  const message = visibleLines(said).replaceAll("\n", " / ");
  const head = `${symbol(result.outcome, paint)} ${paint.bold(visible(result.host))}`;
  return [head, result.outcome, message === "" ? changedText(result) : message];
}

function changedText({ changed = [] }: HostResult): string {
  // Paths are in the plan and in the JSON; a row stays a row.
  return changed.length > NAMED ? `${changed.length} files changed` : changed.map(visible).join(", ");
}

/** The error where the message says something else, then what the reader can do. */
function hintLines({ message, error }: HostResult): string[] {
  if (error === undefined) return [];
  const cause = message === undefined || message.startsWith(error.message) ? [] : [visible(error.message)];
  const hint = error.hint === undefined ? [] : [`hint: ${visible(error.hint)}`];
  return [...cause, ...hint].map((line) => `    ${line}`);
}

function symbol(outcome: HostOutcome, paint: Paint): string {
  return (GOOD.has(outcome) ? paint.green : paint.red)(OUTCOME_SYMBOLS[outcome]);
}
