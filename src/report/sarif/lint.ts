/** What `curfew lint` found as SARIF 2.1.0, for code-scanning boards: each file by its path in the checkout. */
import type { LintFinding } from "../../model/verdict/lint.ts";
import { jsonText } from "../format/json-text.ts";
import { relativeUri } from "../format/relative-uri.ts";
import { fingerprints, MOST_RESULTS, sarifText } from "./results.ts";

const RULES = [
  rule("policy-or-inventory-error", "error", "curfew refuses the file", "8.0"),
  rule("policy-or-inventory-warning", "warning", "allowed, and probably not what is meant", "5.0"),
] as const;

/** `files` of positions are relative to the checkout, without `./`. */
export function renderLintSarif(findings: readonly LintFinding[], version: string): Iterable<string> {
  return jsonText({
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "curfew lint", version, semanticVersion: version, rules: RULES } },
        automationDetails: { id: "curfew/lint/" },
        columnKind: "utf16CodeUnits",
        results: findings.slice(0, MOST_RESULTS).map(result),
      },
    ],
  });
}

function rule(id: string, level: LintFinding["severity"], text: string, score: string): object {
  return {
    id,
    shortDescription: { text },
    fullDescription: { text },
    help: {
      text: "curfew help policy says what a policy may contain, curfew help migrating what an inventory may.",
    },
    defaultConfiguration: { level },
    properties: { tags: ["security", "idle-session"], "security-severity": score },
  };
}

function result({ severity, position, message }: LintFinding): object {
  const { file, line = 1, column } = position;
  const region = { startLine: line, ...(column === undefined ? {} : { startColumn: column }) };
  return {
    ruleId: `policy-or-inventory-${severity}`,
    ruleIndex: severity === "error" ? 0 : 1,
    level: severity,
    message: { text: sarifText(message) },
    locations: [{ physicalLocation: { artifactLocation: { uri: relativeUri(file) }, region } }],
    partialFingerprints: fingerprints("curfewLint/v1", [file, severity, message]),
  };
}
