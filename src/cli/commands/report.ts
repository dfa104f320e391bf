import { type Command, Option } from "commander";
import { auditVerdict, countFindings, countHosts } from "../../core/audit/summary.ts";
import { documentText } from "../../core/verdict/document.ts";
import type { Report } from "../../flow/report.ts";
import { type AuditGrouping, GROUPINGS } from "../../report/audit/by-text.ts";
import { auditText } from "../../report/audit/text.ts";
import { addReportOptions, type ReportOptions } from "../options/args.ts";
import { type ExitCode, exitCodeOfVerdict } from "../terminal/exit.ts";
import { addStoreOption, isoTime, type StoreOptions, withHistory } from "../options/history-access.ts";
import { aboutAudit, checkReports, requireDirectory, saveReports } from "../options/report-files.ts";
import type { Setting } from "../terminal/setting.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface Options extends ReportOptions, StoreOptions {
  readonly run?: string;
  readonly against?: string;
  readonly since?: string;
  readonly policy?: string;
  readonly host?: string;
  readonly by?: AuditGrouping;
  readonly exitCode?: true;
  readonly json?: true;
  readonly quiet?: true;
  readonly verbose?: true;
}

const EXAMPLE = `
Example:
  curfew report                              the newest audit, what changed, and the trend
  curfew report --run 20261122T03 --against 20261101T03 --by rule
  curfew report --host 'web*' -v
  curfew report --format html,csv -o reports

Exit codes: 0 reported, whatever it says. With --exit-code, 2 a finding fails, 3 a host or a finding
could not be judged.
`;

export function registerReport(program: Command, { terminal, setExitCode }: Setting): void {
  const command = program
    .command("report")
    .summary("show an audit from the history, what changed and the trend")
    .description("Shows an audit that curfew remembers. Contacts no host.")
    .option("--run <id>", "this audit, by its id or the beginning of it; the newest if left out")
    .option("--against <id>", "compare with this audit; the one before if left out")
    .option("--since <time>", "where the trend begins, such as 30d or 2026-11-01", isoTime)
    .option("--policy <name>", "the newest audit of this policy, by its name")
    .option("--host <pattern>", "only these hosts: names, globs, !exclusions, commas between")
    .addOption(new Option("--by <what>", "count outcomes by this").choices(GROUPINGS));
  addStoreOption(addReportOptions(command))
    .option("--exit-code", "end with the audit's own exit code")
    .option("--json", "print one JSON document on standard output")
    .option("-q, --quiet", "do not say which files were written")
    .option("-v, --verbose", "every host and every statement")
    .addHelpText("after", EXAMPLE)
    .action(async (options: Options) => setExitCode(await report(options, terminal)));
}

async function report(options: Options, terminal: Terminal): Promise<ExitCode> {
  requireDirectory(options);
  const { makeReport } = await import("../../flow/report.ts");
  const stored = await withHistory(terminal, options, (history) => makeReport(history, options));
  const made = { ...stored, run: { ...stored.run, ...aboutAudit(options) } };
  if (options.output === undefined || options.json === true) await show(made, options, terminal);
  await checkReports(options, made.run);
  await saveReports(options, made.run, made.context, terminal);
  return options.exitCode === true ? exitCodeOfVerdict(auditVerdict(made.run)) : 0;
}

async function show(made: Report, options: Options, terminal: Terminal): Promise<void> {
  if (options.json === true) return terminal.out(documentOf(made));
  const { by, verbose } = options;
  const view = { paint: terminal.outPaint, verbose: verbose === true, by, against: made.against };
  return terminal.page(auditText(made.run, made.context, view));
}

/** The audit as it was stored, and what the history says beside it. */
function documentOf({ run, context, against }: Report): Iterable<string> {
  const { hosts, schema: _, ...rest } = run;
  const summary = {
    verdict: auditVerdict(run),
    hosts: { hosts: hosts.length, ...countHosts(hosts) },
    findings: countFindings(hosts, run.findings),
  };
  const head = { schema: "curfew/report/1", summary, against: against?.runId ?? null };
  return documentText({ ...head, ...context, ...rest }, hosts);
}
