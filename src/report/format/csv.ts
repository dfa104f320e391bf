/** Findings for spreadsheets: RFC 4180, UTF-8 without a byte order mark, CRLF, a header line. */
import { reportedFindings } from "./reported-findings.ts";
import type { AuditRun, RuleInfo } from "../../model/record/audit.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import { clipLine } from "../layout/clip.ts";

const COLUMNS = [
  "run",
  "time",
  "host",
  "role",
  "control",
  "check",
  "rule",
  "severity",
  "subject",
  "expected",
  "actual",
  "source",
  "evidence",
  "outcome",
  "waiver",
] as const;

/** Excel cuts a cell at 32,767 characters; the quotes that defusing adds have to fit as well. */
const LONGEST_CELL = 32_000;

/**
 * Where a spreadsheet starts to read a formula: at the start of a cell, after blanks or quotes, and
 * after a semicolon, which separates cells where the comma is the decimal sign. Full-width forms
 * count as their ASCII letters do in some spreadsheets (OWASP, CSV Injection).
 */
const FORMULA = /(^|;)([\s"']*)(?=[=+\-@＝＋－＠])/gu;

/**
 * One line per finding, those about the fleet with an empty host. Control and invisible characters
 * are spelt out, so a finding is always one line; what a spreadsheet would run as a formula gets an
 * apostrophe before it.
 */
export function* renderCsv(run: AuditRun): Generator<string> {
  yield `${COLUMNS.join(",")}\r\n`;
  const severity = severityOf(run.profile);
  const lines = (host: string, findings: readonly Finding[]) =>
    findings.map((finding) => line(run, host, finding, severity(finding))).join("");
  yield lines("", run.findings);
  for (const host of run.hosts) yield lines(host.host, reportedFindings(host));
}

function line(run: AuditRun, host: string, finding: Finding, severity: string): string {
  const cells: Record<(typeof COLUMNS)[number], string> = {
    run: run.runId,
    time: run.startedAt,
    host,
    role: finding.role,
    control: finding.control,
    check: finding.check,
    rule: finding.rule ?? "",
    severity,
    subject: finding.subject ?? "",
    expected: finding.expected,
    actual: finding.actual,
    source: finding.source,
    evidence: finding.evidence,
    outcome: finding.outcome,
    waiver: finding.waiver ?? "",
  };
  return `${COLUMNS.map((column) => cell(cells[column])).join(",")}\r\n`;
}

function cell(text: string): string {
  const defused = clipLine(text, LONGEST_CELL).replace(FORMULA, "$1$2'");
  return /[",;]|^\s|\s$/u.test(defused) ? `"${defused.replaceAll('"', '""')}"` : defused;
}

/** A finding's own level, else the baseline's for its rule; empty where it has neither. */
function severityOf(profile: AuditRun["profile"]): (finding: Finding) => RuleInfo["severity"] | "" {
  const severities = new Map(profile?.rules.map(({ id, severity }) => [id, severity]));
  return ({ rule, level }) => level ?? (rule === undefined ? "" : (severities.get(rule) ?? ""));
}
