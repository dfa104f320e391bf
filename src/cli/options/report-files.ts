import { homedir } from "node:os";
import { join } from "node:path";
import { visible } from "../../core/text/visible.ts";
import type { AuditContext, AuditHeader, AuditRun, ReportFormatName } from "../../model/record/audit.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { stateDirectory } from "../../store/file/xdg.ts";
import type { ReportOptions } from "./args.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { refuseMissingProgram, refuseUnwritableDirectory } from "./writable.ts";

/**
 * Refuses what could not be written, before anybody waits for an audit. Errors: CurfewError `usage` for formats
 * without a directory, and for a format that cannot hold such an audit.
 */
export async function checkReports(
  options: ReportOptions,
  header: Pick<AuditHeader, "profile" | "profiles">,
): Promise<void> {
  requireDirectory(options);
  if (options.output === undefined) return;
  refuseUnwritableDirectory(options.output);
  if (options.signWith?.[0] !== undefined) refuseMissingProgram(options.signWith[0]);
  const { REPORT_FORMATS } = await import("../../report/audit-formats.ts");
  for (const name of wanted(options)) {
    const refused = REPORT_FORMATS[name].refuses?.(header);
    if (refused !== undefined) throw new CurfewError("usage", `cannot write ${name}: ${refused}`);
  }
}

/** Errors: CurfewError `usage`. */
export function requireDirectory({ format, output, signWith }: ReportOptions): void {
  if (output !== undefined) return;
  if (format !== undefined) {
    throw new CurfewError("usage", "--format writes files: say where with -o DIRECTORY");
  }
  if (signWith === undefined) return;
  throw new CurfewError("usage", "--sign-with signs files: say where they go with -o DIRECTORY");
}

/** What the command line says of an audit; the audit's own words otherwise. */
export function aboutAudit({ scope, assessor }: ReportOptions): Pick<AuditHeader, "scope" | "assessor"> {
  return { ...(scope === undefined ? {} : { scope }), ...(assessor === undefined ? {} : { assessor }) };
}

/** A directory alone gets the report for people. */
function wanted({ format }: ReportOptions): readonly ReportFormatName[] {
  return format ?? ["html"];
}

/**
 * Writes the files that were asked for, takes the evidence along that they link to, lists their digests beside them,
 * has the list signed, and says where they are. Errors: as `writeReports`, and CurfewError `remote` where there is no
 * signature; the files are there then.
 */
export async function saveReports(
  options: ReportOptions & { readonly quiet?: true },
  run: AuditRun,
  context: AuditContext,
  terminal: Terminal,
): Promise<void> {
  const { output, quiet, signWith } = options;
  if (output === undefined) return;
  const [{ REPORT_FORMATS }, { writeReports, writeSums }] = await Promise.all([
    import("../../report/audit-formats.ts"),
    import("../../store/file/report-files.ts"),
  ]);
  const told = { ...run, ...aboutAudit(options) };
  const files = wanted(options).flatMap((name) => Array.from(REPORT_FORMATS[name].files(told, context)));
  const sums = new Map<string, string>();
  const paths = await writeReports(output, files, sums);
  const left = await takeEvidence(run, output, sums, terminal);
  const text = await writeSums(output, sums);
  if (signWith !== undefined) await sign(signWith, output, text);
  if (quiet === true) return;
  const [first = ""] = paths;
  const what = paths.length === 1 ? visible(first) : `${paths.length} files in ${visible(output)}`;
  const without =
    left === 0
      ? ""
      : `, without ${left} ${left === 1 ? "file" : "files"} of evidence, not on this machine as they were`;
  const signed = signWith === undefined ? "" : ", signed";
  terminal.err(`${terminal.errPaint.dim(`wrote ${what}${signed}${without}`)}\n`);
}

/** The same, after a run whose result is shown whether or not its reports can be written: what keeps them is returned. */
export async function tryReports(
  ...reports: Parameters<typeof saveReports>
): Promise<CurfewError | undefined> {
  try {
    await saveReports(...reports);
    return undefined;
  } catch (error) {
    if (error instanceof CurfewError) return error;
    throw error;
  }
}

async function sign(command: readonly string[], output: string, text: string): Promise<void> {
  const [{ makeSignature }, { writeSignature }] = await Promise.all([
    import("../../store/file/signature.ts"),
    import("../../store/file/report-files.ts"),
  ]);
  await writeSignature(output, await makeSignature(command, text));
}

async function takeEvidence(
  run: AuditRun,
  output: string,
  sums: Map<string, string>,
  { environment }: Terminal,
): Promise<number> {
  const files = run.hosts.flatMap(({ evidence }) => evidence);
  if (files.length === 0) return 0;
  const { copyEvidence } = await import("../../store/run/evidence-copy.ts");
  const directory = join(stateDirectory(environment, homedir()), "runs", run.runId);
  return copyEvidence(directory, output, files, sums);
}
