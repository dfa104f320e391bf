/**
 * The memory of audits, as `flow/` sees it: SQLite for one machine, PostgreSQL for many. `test/store/history/contract.ts`
 * says what both have to do.
 */
import type { AuditedHost, AuditEnd, AuditHeader, AuditRun, FindingChange, RunSummary } from "./audit.ts";
import type { HistoryViews } from "./history-views.ts";

/** An audit being written. Each promise resolves when what it was given would survive a power cut. */
export interface RunWriter {
  /** Hosts may come in any order, each once. */
  addHost(host: AuditedHost): Promise<void>;
  finish(end: AuditEnd): Promise<void>;
  /** Gives the run up: it is `broken-off` from now on. Nothing happens where it was finished. */
  abandon(): Promise<void>;
}

export interface RunFilter {
  /** Policy name. */
  readonly policy?: string | undefined;
  /** ISO time; runs that started at or after it. */
  readonly since?: string | undefined;
  /** Only those that came to their end. */
  readonly finished?: true | undefined;
  /** The newest so many. */
  readonly last?: number | undefined;
  /** A run: only those that can be compared with it (same policy, same `-l`), up to and with itself. */
  readonly like?: string | undefined;
}

export interface History extends HistoryViews {
  /**
   * Begins a run. It is listed as `running` while this process lives, and `broken-off` if it dies.
   * `hosts`: the names of all hosts in the order of the inventory; a run that was broken off has
   * those that never came as `unknown`.
   */
  begin(header: AuditHeader, hosts: readonly string[]): Promise<RunWriter>;
  /**
   * Goes on with a run that another process began, and which it may still write. A host that is there already stays
   * as it is. The run lives as long as one of its writers. Errors: CurfewError `input` for a run that is not there,
   * naming the nearest, or has ended.
   */
  join(runId: string): Promise<RunWriter>;
  /** Newest last. */
  list(filter: RunFilter): Promise<RunSummary[]>;
  /** The run with this id, or the only one whose id begins so. Errors: CurfewError `input`, naming the nearest. */
  find(runId: string): Promise<RunSummary>;
  /**
   * A whole run. One that is not finished has a finding about the fleet that says so, outcome `unknown`, and
   * the time of its last word as its end. Errors: CurfewError `input` for a run that is not there, naming the nearest.
   */
  load(runId: string): Promise<AuditRun>;
  /** The run that a run is compared with: the newest finished one before it with the same policy and `-l`. */
  previous(runId: string): Promise<RunSummary | undefined>;
  /**
   * What changed between two runs, by host and finding key. A host that is missing in one is a single change
   * of `host-judged` with null there; what failed on a host that is new is told as well.
   */
  changes(before: string, after: string): Promise<FindingChange[]>;
  /**
   * Takes away whole runs, and what was applied, that started before the given ISO time; returns how many. Never a running one, never the
   * newest finished one of a policy.
   */
  prune(before: string): Promise<number>;
  /**
   * Everything but running runs as JSON lines: a header, its hosts, its end, run after run; then what `recordApplied`
   * took of the same policy and time, unless the newest few audits are asked for.
   */
  export(filter: RunFilter): AsyncIterable<string>;
  /**
   * Takes in what `export` gave, each run whole or not at all; a run that is already there is left as it is.
   * Returns how many runs were new. Errors: CurfewError `input` with the line.
   */
  import(lines: AsyncIterable<string>): Promise<number>;
  close(): Promise<void>;
}
