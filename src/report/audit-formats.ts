/**
 * The formats of `curfew audit --format`: the one registry of them. Adding a format: a file in this
 * folder, a line here, a test that reads its output with somebody else's parser.
 */
import type { AuditContext, AuditHeader, AuditRun } from "../model/audit.ts";
import { renderJson } from "./audit-json.ts";
import { cklbFiles, cklbRefuses } from "./cklb.ts";
import { renderCsv } from "./csv.ts";
import { renderJunit } from "./junit.ts";
import { renderMetrics } from "./metrics.ts";
import { renderOscal } from "./oscal.ts";
import { renderSarif } from "./sarif.ts";

/** A file of a report. Its name has no directory in it and is safe on every file system. */
export interface ReportFile {
  readonly name: string;
  /** Its UTF-8 text in pieces; can be gone through once. */
  readonly chunks: Iterable<string>;
}

export interface AuditFormat {
  /** Without a dot in front; may have one inside, as `junit.xml`. */
  readonly extension: string;
  readonly mediaType: string;
  /**
   * Why there can be no such report of this audit, as words after "cannot write X: ", or undefined.
   * The header is enough to tell, so that nobody waits for an audit and then gets no report.
   */
  refuses?(header: Pick<AuditHeader, "profile">): string | undefined;
  /** The files of the report; one for all formats but those that know one host per file. */
  files(run: AuditRun, context: AuditContext): Iterable<ReportFile>;
}

/** Every format by the name that `--format` takes. */
export const REPORT_FORMATS = {
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
  metrics: single("prom", "text/plain; version=0.0.4; charset=utf-8", renderMetrics),
} as const satisfies Record<string, AuditFormat>;

export type ReportFormat = keyof typeof REPORT_FORMATS;

/** A format with one file for the whole audit. */
function single(
  extension: string,
  mediaType: string,
  render: (run: AuditRun, context: AuditContext) => Iterable<string>,
): AuditFormat {
  return {
    extension,
    mediaType,
    files: (run, context) => [{ name: `curfew-audit.${extension}`, chunks: render(run, context) }],
  };
}
