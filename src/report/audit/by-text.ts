/** Outcomes counted by host, role, rule or check. */
import { outcomeSign } from "../layout/signs.ts";
import { visible } from "../../core/text/visible.ts";
import { COUNTED, countOutcomes, OUTCOME_WORDS } from "../../core/verdict/outcome.ts";
import type { AuditedHost, AuditRun, OutcomeCounts } from "../../model/record/audit.ts";
import { CHECKS } from "../../model/verdict/check.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import { type AuditView, outcomeText } from "./words.ts";
import { fit, table, widthOf } from "../layout/columns.ts";

export const GROUPINGS = ["host", "role", "rule", "check"] as const;
export type AuditGrouping = (typeof GROUPINGS)[number];

/** A table with one row per host, role, rule or check; hosts in the order of the inventory. */
export function groupingLines(run: AuditRun, by: AuditGrouping, view: AuditView): string[] {
  if (by === "host") return hostLines(run, view);
  const rows = [...countsBy(run, by)].toSorted(([, a], [, b]) => b.unknown + b.fail - (a.unknown + a.fail));
  if (rows.length === 0) return [`no finding names a ${by}`];
  return tableLines(
    by,
    rows.map(([name, counts]) => ({ name, counts, outcome: outcomeOf(counts), note: noteOf(run, by, name) })),
    view,
  );
}

/** One row per host: outcome, how many findings of each, what it is or why it cannot be judged. */
export function hostLines({ hosts }: AuditRun, view: AuditView): string[] {
  const rows = hosts.map(({ host, outcome, findings, error, description, profile }) => {
    const counts = countOutcomes(findings.map((finding) => finding.outcome));
    // What is cut off is not the release of sshd.
    const known = description.replace(/^(.*), (OpenSSH [^,]*)/u, "$2, $1");
    const under = profile === undefined ? known : `${profile}, ${known}`;
    return { name: host, counts, outcome, note: error?.message ?? under };
  });
  return tableLines("host", rows, view);
}

interface Row {
  readonly name: string;
  readonly counts: Readonly<Record<Finding["outcome"], number>>;
  readonly outcome: AuditedHost["outcome"];
  readonly note: string;
}

/** Notes come last and are cut to what is left of the line, so that a row stays a row. */
function tableLines(title: string, rows: readonly Row[], { paint, columns, verbose }: AuditView): string[] {
  const shown = COUNTED.filter(
    (outcome) => outcome !== "not-applicable" || rows.some(({ counts }) => counts[outcome] > 0),
  );
  const cells = rows.map(({ name, counts, outcome }) => [
    `${outcomeText(outcome, outcomeSign(outcome), paint)} ${visible(name)}`,
    ...shown.map((each) => numberText(counts[each], each, paint)),
  ]);
  const head = [`  ${title}`, ...shown.map((each) => OUTCOME_WORDS[each])].map(paint.bold);
  const used = table([head, ...cells]).reduce((widest, line) => Math.max(widest, widthOf(line)), 0);
  const notes = rows.map(({ note }) => (verbose ? visible(note) : fit(visible(note), columns - used - 2)));
  for (const [index, row] of cells.entries()) row.push(paint.dim(notes[index] ?? ""));
  return table([head, ...cells]);
}

function numberText(number: number, outcome: Finding["outcome"], paint: AuditView["paint"]): string {
  const text = String(number);
  return outcomeText(outcome, text, paint, number);
}

function countsBy(
  run: AuditRun,
  by: Exclude<AuditGrouping, "host">,
): Map<string, Record<Finding["outcome"], number>> {
  const counts = new Map<string, Record<Finding["outcome"], number>>();
  for (const finding of [...run.findings, ...run.hosts.flatMap(({ findings }) => findings)]) {
    const name = finding[by];
    if (name === undefined) continue;
    const known = counts.get(name) ?? countOutcomes([]);
    known[finding.outcome] += 1;
    counts.set(name, known);
  }
  return counts;
}

function outcomeOf({ fail, unknown }: OutcomeCounts): AuditedHost["outcome"] {
  if (unknown > 0) return "unknown";
  return fail > 0 ? "fail" : "pass";
}

function noteOf({ profile }: AuditRun, by: AuditGrouping, name: string): string {
  if (by === "check") return name in CHECKS ? CHECKS[name as keyof typeof CHECKS].title : "";
  const rule = by === "rule" ? profile?.rules.find(({ id }) => id === name) : undefined;
  return rule === undefined ? "" : `${rule.severity}: ${rule.title}`;
}
