/**
 * JUnit XML for CI, in the form of the Jenkins xunit plugin's junit-10.xsd: a suite per host, a test
 * case per finding, named by the finding's key so that its history is followed. A failed finding is a
 * failure, one that could not be judged an error; one that is waived
 * or does not apply is skipped.
 */
import { countFindings } from "../../core/audit/summary.ts";
import { COUNTED, type Outcome } from "../../core/verdict/outcome.ts";
import { CHECKS } from "../../model/verdict/check.ts";
import type { AuditedHost, AuditRun, OutcomeCounts } from "../../model/record/audit.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import { clipLine, clipLines } from "../layout/clip.ts";
import { type KeyedFinding, keyedFindings, reportedFindings } from "./reported-findings.ts";

const LONGEST_LINE = 2000;
const LONGEST_TEXT = 16_000;
const ELEMENTS = {
  fail: "failure",
  unknown: "error",
  waived: "skipped",
  "not-applicable": "skipped",
} as const;

interface Suite {
  readonly name: string;
  readonly host?: AuditedHost;
  readonly findings: readonly Finding[];
}

/** The audit as XML 1.0, a suite at a time. What XML cannot carry is spelt out, as `\u{0}`. */
export function* renderJunit(run: AuditRun): Generator<string> {
  const counts = countFindings(suiteList(run), []);
  const seconds = (Date.parse(run.finishedAt) - Date.parse(run.startedAt)) / 1000;
  yield '<?xml version="1.0" encoding="UTF-8"?>\n';
  yield `<testsuites${attributes({
    name: `curfew audit: ${run.policy.name}`,
    ...totals(counts),
    time: Math.max(0, seconds).toFixed(3),
  })}>\n`;
  for (const suite of suites(run)) yield suiteText(run, suite);
  yield "</testsuites>\n";
}

function* suites(run: AuditRun): Generator<Suite> {
  if (run.findings.length > 0) yield { name: `policy ${run.policy.name}`, findings: run.findings };
  for (const host of run.hosts) yield { name: host.host, host, findings: reportedFindings(host) };
}

function suiteList(run: AuditRun): Suite[] {
  return [...suites(run)];
}

function suiteText(run: AuditRun, { name, host, findings }: Suite): string {
  const counts = countFindings([{ findings }], []);
  const head = attributes({
    name,
    ...totals(counts),
    skipped: String(counts.waived + (counts["not-applicable"] ?? 0)),
    // Without a zone, as everybody who reads these files expects it; it is UTC.
    timestamp: run.startedAt.slice(0, 19),
    ...(host === undefined ? {} : { hostname: name }),
  });
  const cases = keyedFindings(findings).map((keyed) => caseText(name, keyed));
  return `<testsuite${head}>\n${properties(run, host)}${cases.join("")}${driftText(host)}</testsuite>\n`;
}

function totals(counts: OutcomeCounts): Record<"tests" | "failures" | "errors", string> {
  const tests = COUNTED.reduce((sum, outcome) => sum + (counts[outcome] ?? 0), 0);
  return { tests: String(tests), failures: String(counts.fail), errors: String(counts.unknown) };
}

function properties(run: AuditRun, host: AuditedHost | undefined): string {
  const values = {
    run: run.runId,
    policy: run.policy.name,
    profile: run.profile === null ? "" : `${run.profile.id} ${run.profile.version}`.trim(),
    description: host?.description ?? "",
  };
  const lines = Object.entries(values)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `<property${attributes({ name, value })}/>`);
  return `<properties>${lines.join("")}</properties>\n`;
}

function caseText(suite: string, { key, finding }: KeyedFinding): string {
  const head = attributes({ name: key, classname: suite });
  if (finding.outcome === "pass") return `<testcase${head}/>\n`;
  const element = ELEMENTS[finding.outcome];
  const message = (MESSAGES[finding.outcome] ?? differenceText)(finding);
  const body = element === "skipped" ? "" : escapeText(detailText(finding));
  const inner = `<${element}${attributes({ type: finding.check, message })}>${body}</${element}>`;
  return `<testcase${head}>${inner}</testcase>\n`;
}

const MESSAGES: Partial<Record<Outcome, (finding: Finding) => string>> = {
  waived: waiverText,
  "not-applicable": (finding) => `not applicable: ${differenceText(finding)}`,
};

function waiverText(finding: Finding): string {
  return `waived: ${finding.waiver ?? "no reason given"}; ${differenceText(finding)}`;
}

function differenceText({ expected, actual }: Finding): string {
  return `expected ${expected}, found ${actual}`;
}

/** Every value on its own line: a host's text with a line feed in it must not pass for a line of ours. */
function detailText(finding: Finding): string {
  const { check, control, role, rule, subject, expected, actual, source, evidence } = finding;
  const { title, help } = CHECKS[check];
  const lines = { control, role, rule, subject, expected, actual, source, evidence };
  const shown = Object.entries(lines).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${clipLine(value, LONGEST_LINE)}`],
  );
  return [title, help, "", ...shown].join("\n");
}

function driftText(host: AuditedHost | undefined): string {
  if (host === undefined || host.drift.length === 0) return "";
  const diffs = host.drift.map(({ diff }) => clipLines(diff, LONGEST_TEXT));
  return `<system-out>${escapeText(diffs.join("\n"))}</system-out>\n`;
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeText(clipLine(value, LONGEST_LINE))}"`)
    .join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** U+FFFE and U+FFFF are the two that are left, once text is visible, of what XML 1.0 forbids (2.2, Char). */
function escapeText(text: string): string {
  return text.replace(
    /[&<>"'\ufffe\uffff]/gu,
    (character) => ENTITIES[character] ?? `\\u{${character.charCodeAt(0).toString(16)}}`,
  );
}
