/**
 * SARIF 2.1.0 for code-scanning boards. Boards show every result as a problem (GitHub does not read
 * `kind`), so what passes is counted, not listed: `fail` is what failed or was waived, `open` what
 * could not be judged, `notApplicable` a host of another system than the baseline's. Paths on hosts are relative URIs, `HOST/etc/ssh/sshd_config`: GitHub refuses a
 * file whose URIs have another scheme than its checkout, and results without a location.
 */
import { countFindings, countHosts } from "../../core/audit/summary.ts";
import type { AuditContext, AuditRun } from "../../model/record/audit.ts";
import { clipLine } from "../layout/clip.ts";
import { jsonText, LazyArray } from "../format/json-text.ts";
import { changesOf, type KeyedProblem, MOST_RESULTS, problems, sarifResult } from "./results.ts";
import { ruleIndexOf, type SarifRule, sarifRules } from "./rules.ts";
import { stableUuid } from "../format/uuid.ts";

/** The audit as one SARIF run, or several where there are more problems than a board takes in one. */
export function renderSarif(run: AuditRun, context: AuditContext): Iterable<string> {
  const rules = sarifRules(run);
  const count = [...problems(run)].length;
  const parts = Math.max(1, Math.ceil(count / MOST_RESULTS));
  return jsonText({
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: Array.from({ length: parts }, (_, part) => sarifRun(run, context, rules, part)),
  });
}

function sarifRun(run: AuditRun, context: AuditContext, rules: readonly SarifRule[], part: number): object {
  const ruleIndex = ruleIndexOf(rules);
  const change = changesOf(context);
  const result = (problem: KeyedProblem) =>
    sarifResult(run, problem, rules, ruleIndex(problem.finding), change);
  return {
    tool: {
      driver: {
        name: "curfew",
        version: run.curfew,
        semanticVersion: run.curfew,
        rules: rules.map(({ descriptor }) => descriptor),
      },
    },
    invocations: [invocation(run)],
    automationDetails: automationDetails(run, part),
    originalUriBaseIds: {
      FLEET: {
        description: { text: "A directory per host, named like it; below it is the host's own root." },
      },
    },
    columnKind: "utf16CodeUnits",
    properties: {
      hosts: { total: run.hosts.length, ...countHosts(run.hosts) },
      findings: countFindings(run.hosts, run.findings),
      verified: run.verified,
      ...(run.scaled === undefined ? {} : { scaled: run.scaled }),
    },
    results: new LazyArray(() => slice(problems(run), part * MOST_RESULTS, result)),
  };
}

function* slice(
  all: Iterable<KeyedProblem>,
  start: number,
  result: (problem: KeyedProblem) => object,
): Generator<object> {
  let index = 0;
  for (const problem of all) {
    if (index >= start + MOST_RESULTS) return;
    if (index++ >= start) yield result(problem);
  }
}

/** A host that could not be judged is something the tool did not achieve, beside being a result. */
function invocation(run: AuditRun): object {
  const lost = run.hosts.filter(({ error }) => error !== undefined);
  return {
    executionSuccessful: lost.length === 0,
    startTimeUtc: run.startedAt,
    endTimeUtc: run.finishedAt,
    toolExecutionNotifications: new LazyArray(() =>
      lost.map(({ host, error }) => ({
        level: "error",
        message: { text: clipLine(`${host}: ${error?.message ?? ""}`, 1000) },
      })),
    ),
  };
}

/** What is before the last slash is the category: GitHub replaces the results of the same one before. */
function automationDetails(run: AuditRun, part: number): object {
  const policy = encodeURIComponent(clipLine(run.policy.name, 200));
  const category = part === 0 ? policy : `${policy}/part-${part + 1}`;
  return { id: `curfew/${category}/${run.runId}`, guid: stableUuid("sarif", run.runId, String(part)) };
}
