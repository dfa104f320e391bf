/**
 * The formats of `curfew audit --format`: the one registry of them. Adding a format: a file in this
 * folder, a line here, a test that reads its output with somebody else's parser.
 */
import type { AuditContext, AuditHeader, AuditRun, ReportFormatName } from "../model/record/audit.ts";
import { renderJson } from "./format/audit-json.ts";
import { cklbFiles, cklbRefuses } from "./cklb/cklb.ts";
import type { ReportFile } from "./format/report-file.ts";
import { renderCsv } from "./format/csv.ts";
import { renderHtml } from "./html/html.ts";
import { renderJunit } from "./format/junit.ts";
import { renderMetrics } from "./format/metrics.ts";
import { renderOscal } from "./oscal/oscal.ts";
import { renderSarif } from "./sarif/sarif.ts";

export interface AuditFormat {
  /** Without a dot in front; may have one inside, as `junit.xml`. */
  readonly extension: string;
  readonly mediaType: string;
  /**
   * Why there can be no such report of this audit, as words after "cannot write X: ", or undefined.
   * The header is enough to tell, so that nobody waits for an audit and then gets no report.
   */
  refuses?(header: Pick<AuditHeader, "profile" | "profiles">): string | undefined;
  /** The files of the report; one for all formats but those that know one host per file. */
  files(run: AuditRun, context: AuditContext): Iterable<ReportFile>;
}

/** Every format by the name that `--format` takes; the names alone, for floors below, are in model/record/audit.ts. */
export const REPORT_FORMATS: Readonly<Record<ReportFormatName, AuditFormat>> = {
  html: single("html", "text/html; charset=utf-8", renderHtml),
  json: single("json", "application/json", renderJson),
  csv: single("csv", "text/csv; charset=utf-8; header=present", renderCsv),
  junit: single("junit.xml", "application/xml", renderJunit),
  sarif: single("sarif", "application/sarif+json", renderSarif),
  oscal: single("oscal.json", "application/json", renderOscal),
  cklb: {
    extension: "cklb",
    mediaType: "application/json",
    refuses: cklbRefuses,
    files: cklbFiles,
  },
  metrics: single("prom", "text/plain; version=0.0.4; charset=utf-8", renderMetrics, true),
};

/** A format with one file for the whole audit. */
function single(
  extension: string,
  mediaType: string,
  render: (run: AuditRun, context: AuditContext) => Iterable<string>,
  shared = false,
): AuditFormat {
  const name = `curfew-audit.${extension}`;
  return { extension, mediaType, files: (run, context) => [{ name, chunks: render(run, context), shared }] };
}
