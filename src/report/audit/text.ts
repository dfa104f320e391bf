/** An audit for people: the fleet at a glance, who is out and why, what changed, where it is going. */
import { auditVerdict, countFindings, countHosts, hostsApart } from "../../core/audit/summary.ts";
import { COUNTED, type Outcome, OUTCOME_WORDS } from "../../core/verdict/outcome.ts";
import { visible } from "../../core/text/visible.ts";
import type { AuditContext, AuditRun, RunSummary } from "../../model/record/audit.ts";
import { type AuditGrouping, groupingLines, hostLines } from "./by-text.ts";
import { changeLines, trendLines } from "./changes-text.ts";
import { passingLines } from "./passing-text.ts";
import { driftLines, findingBlocks } from "./findings-text.ts";
import { outcomeSign } from "../layout/signs.ts";
import { count, outcomeText, timeText } from "./words.ts";
import type { Paint } from "../layout/paint.ts";
import { wrap } from "../layout/wrap.ts";

export interface AuditTextOptions {
  readonly paint: Paint;
  /** Every host by name, every statement, and the diffs of files that differ. */
  readonly verbose: boolean;
  /** One more table: outcomes by host, role, rule or check. */
  readonly by?: AuditGrouping | undefined;
  /** What the changes of the context are against, where it is not the run before. */
  readonly against?: Pick<RunSummary, "runId" | "startedAt"> | undefined;
  readonly columns?: number;
}

/** Up to this many hosts are listed one by one without being asked for. */
const LISTED = 30;
const COLUMNS = 80;
const BAR = 40;

/** The whole report of a run, as `curfew audit` and `curfew report` print it. */
export function auditText(run: AuditRun, context: AuditContext, options: AuditTextOptions): string {
  const { paint, verbose, by, columns = COLUMNS } = options;
  const view = { paint, verbose, columns };
  const listed = run.hosts.length <= LISTED || verbose;
  const blocks = [
    headLines(run, columns, paint),
    glanceLines(run, paint),
    ...findingBlocks(run, view),
    verbose ? passingLines(run, view) : [],
    verbose ? driftLines(run, paint) : [],
    changeLines(context, options.against, view),
    trendLines(context, paint),
    listed && by === undefined ? hostLines(run, view) : [],
    by === undefined ? [] : groupingLines(run, by, view),
    [verdictLine(run, paint)],
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => line.trimEnd()).join("\n"))
    .join("\n\n")}\n`;
}

const VERDICTS = {
  pass: "in compliance",
  fail: "out of compliance",
  unknown: "not fully judged",
} as const;

/** `Audit: ✗ out of compliance: 11 of 1000 hosts fail`. */
function verdictLine(run: AuditRun, paint: Paint): string {
  const { fail, unknown } = countHosts(run.hosts);
  const verdict = auditVerdict(run);
  const open = [
    ...(fail === 0 ? [] : [`${fail} fail`]),
    ...(unknown === 0 ? [] : [`${unknown} not fully judged`]),
  ];
  const of = open.length === 0 ? "" : `: of ${count(run.hosts.length, "host")}, ${open.join(", ")}`;
  return `${paint.bold("Audit:")} ${outcomeText(verdict, `${outcomeSign(verdict)} ${VERDICTS[verdict]}`, paint)}${of}${apartText(run)}`;
}

/** A verdict that leaves hosts out of a baseline says so beside it. */
function apartText({ hosts }: AuditRun): string {
  const apart = hostsApart(hosts);
  return apart === 0 ? "" : `; no baseline is for ${count(apart, "host")}`;
}

function headLines(run: AuditRun, columns: number, paint: Paint): string[] {
  const { policy, profile, startedAt, sessions: kinds, verified, scaled, runId, curfew, inventory } = run;
  const baseline = profile === null ? "no baseline" : `${profile.title} ${profile.version}`.trim();
  const sessions = verified
    ? `real sessions${scaled === undefined ? "" : ` scaled to ${scaled} s`}`
    : "no real sessions";
  const about = [
    ...(run.scope === undefined ? [] : [`scope: ${run.scope}`]),
    ...(run.assessor === undefined ? [] : [`assessor: ${run.assessor}`]),
  ];
  const limit = inventory.limit === "" ? "" : `, only ${inventory.limit}`;
  return [
    `${paint.bold(visible(policy.name))}  ${timeText(startedAt)}`,
    ...wrap(visible(`${baseline}, ${sessions}${limit}; judged: ${kinds.join(", ")}`), columns).map(paint.dim),
    ...(about.length === 0 ? [] : wrap(visible(about.join("; ")), columns).map(paint.dim)),
    paint.dim(visible(`${runId}, curfew ${curfew}`)),
  ];
}

function glanceLines({ hosts, findings }: AuditRun, paint: Paint): string[] {
  const [byHost, byFinding] = [countHosts(hosts), countFindings(hosts, findings)];
  return [
    barText(byHost, paint),
    `${count(hosts.length, "host").padEnd(16)} ${countsText(byHost, paint)}`,
    `${count(
      COUNTED.reduce((sum, outcome) => sum + (byFinding[outcome] ?? 0), 0),
      "finding",
    ).padEnd(16)} ${countsText(byFinding, paint)}`,
  ];
}

const GLYPHS = { pass: "█", fail: "▒", unknown: "░" } as const;

/** A share that is not nothing has at least one cell, so that one host of a thousand is seen. */
function barText(counts: Readonly<Record<keyof typeof GLYPHS, number>>, paint: Paint): string {
  const total = counts.pass + counts.fail + counts.unknown;
  if (total === 0) return paint.dim("·".repeat(BAR));
  const cells = (number: number): number =>
    number === 0 ? 0 : Math.max(1, Math.round((number * BAR) / total));
  const [fail, unknown] = [cells(counts.fail), cells(counts.unknown)];
  const widths = { pass: counts.pass === 0 ? 0 : Math.max(1, BAR - fail - unknown), fail, unknown };
  return (["pass", "fail", "unknown"] as const)
    .map((outcome) => outcomeText(outcome, GLYPHS[outcome].repeat(widths[outcome]), paint))
    .join("");
}

function countsText(counts: Readonly<Partial<Record<Outcome, number>>>, paint: Paint): string {
  const shown = COUNTED.filter((outcome) => counts[outcome] !== undefined);
  return shown
    .filter((outcome) => outcome !== "not-applicable" || counts[outcome] !== 0)
    .map((outcome) => {
      const text = `${outcomeSign(outcome)} ${counts[outcome]} ${OUTCOME_WORDS[outcome]}`;
      return outcomeText(outcome, text, paint, counts[outcome]);
    })
    .join("   ");
}
