import { visible } from "../core/visible.ts";
import type { AuditContext, AuditHeader, AuditRun } from "../model/audit.ts";
import { CurfewError } from "../model/error.ts";
import type { ReportOptions } from "./args.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Refuses what could not be written, before anybody waits for an audit. Errors: CurfewError `usage` for formats
 * without a directory or the other way round, and for a format that cannot hold such an audit.
 */
export async function checkReports(
  { format, output }: ReportOptions,
  header: Pick<AuditHeader, "profile">,
): Promise<void> {
  if (format === undefined) {
    if (output === undefined) return;
    throw new CurfewError("usage", "-o says where reports go: say which with --format");
  }
  if (output === undefined) {
    throw new CurfewError("usage", "--format writes files: say where with -o DIRECTORY");
  }
  const { REPORT_FORMATS } = await import("../report/audit-formats.ts");
  for (const name of format) {
    const refused = REPORT_FORMATS[name].refuses?.(header);
    if (refused !== undefined) throw new CurfewError("usage", `cannot write ${name}: ${refused}`);
  }
}

/** Writes the files that were asked for and says where they are. Errors: as `writeReports`. */
export async function saveReports(
  { format = [], output, quiet }: ReportOptions & { readonly quiet?: true },
  run: AuditRun,
  context: AuditContext,
  { err, errPaint }: Terminal,
): Promise<void> {
  if (output === undefined) return;
  const [{ REPORT_FORMATS }, { writeReports }] = await Promise.all([
    import("../report/audit-formats.ts"),
    import("../store/report-files.ts"),
  ]);
  const files = format.flatMap((name) => [...REPORT_FORMATS[name].files(run, context)]);
  const paths = await writeReports(output, files);
  if (quiet === true) return;
  const [first = ""] = paths;
  const what = paths.length === 1 ? visible(first) : `${paths.length} files in ${visible(output)}`;
  err(`${errPaint.dim(`wrote ${what}`)}\n`);
}
