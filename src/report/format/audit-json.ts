/** Audits for programs: one file per format, each a pure function from the audit to text. */
import { countFindings, countHosts } from "../../core/audit/summary.ts";
import { documentText } from "../../core/verdict/document.ts";
import type { AuditRun } from "../../model/record/audit.ts";

/**
 * The audit as curfew's own document, `curfew/audit/1`: all of it, one line per host, in the form
 * that templates/audit.schema.json describes. Text from hosts is as it was read; characters that act
 * on a terminal are escaped as JSON allows, so that the value read back is the same.
 */
export function renderJson(run: AuditRun): Iterable<string> {
  const { hosts, schema, ...rest } = run;
  const findings = countFindings(hosts, run.findings);
  const summary = { hosts: hosts.length, ...countHosts(hosts), findings };
  return documentText({ schema, summary, ...rest }, hosts);
}
