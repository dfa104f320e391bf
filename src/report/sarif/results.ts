import { createHash } from "node:crypto";
import type { AuditContext, AuditRun, FindingChange } from "../../model/record/audit.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import { clipLine } from "../layout/clip.ts";
import { relativeUri } from "../format/relative-uri.ts";
import { type KeyedFinding, keyedFindings, reportedFindings } from "../format/reported-findings.ts";
import type { SarifRule } from "./rules.ts";

const LONGEST_MESSAGE = 1000;
/** GitHub refuses a run with more results; it takes 20 runs in a file. */
export const MOST_RESULTS = 25_000;

/** A finding that did not pass; an empty host for one about the fleet. */
export interface KeyedProblem extends KeyedFinding {
  readonly host: string;
}

/** Whether there is a run before, and what is different from it. */
export type ChangeOf = ((host: string, key: string) => FindingChange | undefined) | null;

/** What did not pass, fleet first, then host by host. */
export function* problems(run: AuditRun): Generator<KeyedProblem, undefined, undefined> {
  yield* notPassed("", run.findings);
  for (const host of run.hosts) yield* notPassed(host.host, reportedFindings(host));
}

/** Null without a run before: then nothing can be said to be new. */
export function changesOf({ trend, changes }: AuditContext): ChangeOf {
  if (trend.length < 2) return null;
  const byName = new Map(changes.map((change) => [JSON.stringify([change.host, change.key]), change]));
  return (host, key) => byName.get(JSON.stringify([host, key]));
}

/** One problem as a SARIF result, 3.27. */
export function sarifResult(
  run: AuditRun,
  problem: KeyedProblem,
  rules: readonly SarifRule[],
  ruleIndex: number,
  changeOf: ChangeOf,
): object {
  const { host, key, finding } = problem;
  const rule = rules[ruleIndex];
  return {
    ruleId: rule?.id ?? finding.check,
    ruleIndex,
    ...severity(finding, rule),
    message: { text: messageText(host, finding) },
    locations: [location(run, host, finding)],
    partialFingerprints: fingerprints("curfewFinding/v1", [host, key]),
    ...(changeOf === null ? {} : { baselineState: baselineState(changeOf(host, key)) }),
    // All results of a run have this, or none (3.27.23).
    suppressions: finding.outcome === "waived" ? [suppression(finding)] : [],
    properties: {
      control: finding.control,
      role: finding.role,
      evidence: finding.evidence,
      outcome: finding.outcome,
      ...(finding.level === undefined ? {} : { severity: finding.level, ...finding.counts }),
    },
  };
}

/** Of what makes a result the same in every run. The second is the one that GitHub follows alerts by; it wants a number after a colon. */
export function fingerprints(name: string, parts: readonly string[]): Readonly<Record<string, string>> {
  const fingerprint = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  return { [name]: fingerprint, primaryLocationLineHash: `${fingerprint.slice(0, 16)}:1` };
}

function* notPassed(
  host: string,
  findings: readonly Finding[],
): Generator<KeyedProblem, undefined, undefined> {
  for (const keyed of keyedFindings(findings)) {
    if (keyed.finding.outcome !== "pass") yield { host, ...keyed };
  }
}

/**
 * A result that could not be judged is `open` and has no level: 3.27.10 gives it `none`, and boards
 * that know no kinds the rule's own, so that neither loses it.
 */
function severity({ outcome, level }: Finding, rule: SarifRule | undefined): object {
  if (outcome === "unknown") return { kind: "open" };
  if (outcome === "not-applicable") return { kind: "notApplicable", level: "none" };
  const own = level === undefined ? undefined : level === "high" ? "error" : "warning";
  return { kind: "fail", level: own ?? rule?.level ?? "warning" };
}

const VERDICTS = {
  pass: "passed: ",
  fail: "",
  unknown: "could not be judged: ",
  waived: "waived: ",
  "not-applicable": "not applicable: ",
} as const;

function messageText(host: string, finding: Finding): string {
  const { role, subject, expected, actual, source, outcome } = finding;
  const who = [host, role === "*" ? "" : `role ${role}`, subject ?? ""].filter((part) => part !== "");
  const about = who.length === 0 ? "" : `${who.join(", ")}: `;
  const text = `${about}${VERDICTS[outcome]}expected ${expected}, found ${actual} (${source})`;
  return sarifText(text);
}

/** Digits in braces are placeholders and `[text](target)` is a link (SARIF 2.1.0, 3.11.5 and 3.11.6): whoever wrote them, they are text here. */
export function sarifText(text: string): string {
  return clipLine(text, LONGEST_MESSAGE)
    .replace(/\{(\d+)\}/gu, "{{$1}}")
    .replace(/\](?=\()/gu, "\\]");
}

function location(run: AuditRun, host: string, finding: Finding): object {
  if (host === "") {
    const uri = relativeUri(run.policy.file.split("/").at(-1) ?? "");
    return { physicalLocation: { artifactLocation: { uri }, region: { startLine: 1 } } };
  }
  const name = clipLine(host, LONGEST_MESSAGE);
  const logical = [{ name, fullyQualifiedName: name, kind: "host" }];
  return { physicalLocation: physicalLocation(host, finding), logicalLocations: logical };
}

/** `FILE`, `FILE:LINE`, `FILE:LINE:COLUMN`; anything else is no place in a file, and the host itself is the location. */
function physicalLocation(host: string, { source }: Finding): object {
  const place = source.startsWith(`${host}:`)
    ? /^([1-9]\d{0,8}):([1-9]\d{0,8})$/u.exec(source.slice(host.length + 1))
    : null;
  // A file that was judged by itself stands where a host does: it is its own place.
  if (place !== null) {
    const region = { startLine: Number(place[1]), startColumn: Number(place[2]) };
    return { artifactLocation: { uri: relativeUri(host.replace(/^\.\//u, "")) }, region };
  }
  const [, path = "", line, column] =
    /^(\/[^\s:]*)(?::([1-9]\d{0,8}))?(?::([1-9]\d{0,8}))?$/u.exec(source) ?? [];
  // A slash in a host's name must not become a directory: encoded first, and decoded once by readers.
  const uri = [relativeUri(host.replaceAll("/", "_")), path === "" ? "" : relativeUri(path)].filter(
    (part) => part !== "",
  );
  const start = column === undefined ? {} : { startColumn: Number(column) };
  const region = line === undefined ? {} : { region: { startLine: Number(line), ...start } };
  return { artifactLocation: { uri: uri.join("/"), uriBaseId: "FLEET" }, ...region };
}

function suppression({ waiver }: Finding): object {
  const justification = clipLine(waiver ?? "no justification given", LONGEST_MESSAGE);
  return { kind: "external", status: "accepted", justification };
}

function baselineState(change: FindingChange | undefined): "new" | "updated" | "unchanged" {
  if (change === undefined) return "unchanged";
  const { before } = change;
  return before === null || before === "pass" ? "new" : "updated";
}
