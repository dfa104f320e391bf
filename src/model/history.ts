/**
 * The memory of audits, as `flow/` sees it. SQLite is behind it today; another database is one more
 * file in `store/` that returns this.
 */
import type { AuditedHost, AuditEnd, AuditHeader, AuditRun, FindingChange, RunSummary } from "./audit.ts";

/** An audit being written. Each promise resolves when what it was given would survive a power cut. */
export interface RunWriter {
  addHost(host: AuditedHost): Promise<void>;
  finish(end: AuditEnd): Promise<void>;
}

export interface RunFilter {
  /** Policy name. */
  readonly policy?: string | undefined;
  /** ISO time; runs that started at or after it. */
  readonly since?: string | undefined;
  /** The newest so many. */
  readonly last?: number | undefined;
}

export interface History {
  /** Begins a run. It is listed as `running` while this process lives, and `broken-off` if it dies. */
  begin(header: AuditHeader): Promise<RunWriter>;
  /** Newest last. */
  list(filter: RunFilter): Promise<RunSummary[]>;
  /** Errors: CurfewError `input` for a run that is not there, naming the nearest. */
  load(runId: string): Promise<AuditRun>;
  /** What changed between two runs, by host and finding key; a host that is missing in one is a change. */
  changes(before: string, after: string): Promise<FindingChange[]>;
  /** Takes away whole runs that started before the given ISO time; returns how many. Never the newest finished one of a policy. */
  prune(before: string): Promise<number>;
  /** Everything as JSON lines: a header, its hosts, its end, run after run. */
  export(filter: RunFilter): AsyncIterable<string>;
  /** Takes in what `export` gave; a run that is already there is left as it is. Returns how many runs were new. Errors: CurfewError `input` with the line. */
  import(lines: AsyncIterable<string>): Promise<number>;
  close(): Promise<void>;
}
