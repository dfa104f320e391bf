/** A file of a report. Its name has no directory in it and is safe on every file system. */
export interface ReportFile {
  readonly name: string;
  /** Its UTF-8 text in pieces; can be gone through once. */
  readonly chunks: Iterable<string>;
  /** Other accounts have to read it, as node_exporter does; else only the user's group may. */
  readonly shared?: boolean;
}
