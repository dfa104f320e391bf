/** What is asked of a large history from above: pages and counts, never a whole run. Plain data. */
import type { AuditedHost, AuditHeader, OutcomeCounts, RunSummary } from "./audit.ts";
import type { CheckId } from "../verdict/check.ts";
import type { Finding } from "../verdict/finding.ts";
import type { HostOutcome } from "../change/run.ts";

/** Which findings are meant: everything that is given has to be equal; `rule` null: those about no rule. */
export interface FindingFilter {
  readonly check: CheckId;
  readonly control?: string | undefined;
  readonly role?: string | undefined;
  readonly rule?: string | null | undefined;
  readonly subject?: string | undefined;
  readonly outcome?: Finding["outcome"] | undefined;
}

/** A part of a list. */
export interface Slice {
  readonly offset: number;
  /** At most this many. */
  readonly limit: number;
}

export interface HostFilter extends Slice {
  /** `fail` is also every host that is unknown and has a finding that fails: it counts as both. */
  readonly outcome?: AuditedHost["outcome"] | undefined;
  /** A part of the name; case does not count. */
  readonly name?: string | undefined;
  /** Only hosts with such a finding, of those that are not a pass. */
  readonly finding?: FindingFilter | undefined;
}

/** One host of a run in one line. */
export interface HostLine {
  readonly host: string;
  readonly outcome: AuditedHost["outcome"];
  /** Why it could not be read, else its system; empty where neither is known. */
  readonly description: string;
  readonly findings: Omit<OutcomeCounts, "pass" | "not-applicable">;
}

/** Part of a list, and how long all of it is. */
export interface Page<T> {
  readonly total: number;
  readonly items: readonly T[];
}

/** What did not pass on so many hosts, which all have exactly these findings. */
export interface OpenFindings {
  /** Null: about the fleet as a whole. */
  readonly hosts: number | null;
  readonly findings: readonly Finding[];
}

/** How many findings of one check came to one outcome. */
export interface CheckCount {
  readonly check: CheckId;
  readonly outcome: Finding["outcome"];
  readonly amount: number;
}

/** On how many hosts of a run a finding was open, each host once by the worst. */
export interface FindingSpread extends Omit<OutcomeCounts, "pass" | "not-applicable"> {
  readonly runId: string;
}

/** What one run said of one host. */
export interface HostVisit {
  readonly run: RunSummary;
  readonly outcome: AuditedHost["outcome"];
  /** What did not pass; the same array for runs that say the same. */
  readonly open: readonly Finding[];
}

/** The newest finished run of a policy and `-l`. */
export interface NewestRun {
  readonly run: RunSummary;
  /** What `-l` limited it to; empty: every host. */
  readonly limit: string;
}

/** Everything of a run but its hosts. */
export interface RunFrame {
  readonly header: AuditHeader;
  readonly run: RunSummary;
  /** How many hosts were to be judged. */
  readonly planned: number;
  /** About the fleet as a whole. */
  readonly findings: readonly Finding[];
}

/** What a run that changes hosts did to one of them. */
export interface AppliedHost {
  readonly host: string;
  readonly outcome: HostOutcome;
  readonly message?: string;
  /** Paths that were changed. */
  readonly changed: readonly string[];
}

/** A run that changes hosts: `apply` or `revert`. */
export interface AppliedSummary {
  readonly runId: string;
  readonly command: string;
  /** `alice@controller` */
  readonly owner: string;
  readonly startedAt: string;
  /** Null: it still runs, or it was killed; the hosts are what tells how far it came. */
  readonly finishedAt: string | null;
  /** Version of curfew. */
  readonly curfew: string;
  /** Null: it follows none, as `revert` does. */
  readonly policy: { readonly name: string; readonly digest: string } | null;
  /** How many hosts of each outcome. */
  readonly outcomes: Readonly<Partial<Record<HostOutcome, number>>>;
}

export interface AppliedRun extends Omit<AppliedSummary, "outcomes"> {
  readonly hosts: readonly AppliedHost[];
}

export interface AppliedFilter extends Slice {
  readonly policy?: string | undefined;
  /** Only runs that had this host. */
  readonly host?: string | undefined;
  /** ISO time; runs that started at or after it. */
  readonly since?: string | undefined;
}

/** The part of a history that reads pages and counts. Errors of all: as `History`; an unknown run is `input`. */
export interface HistoryViews {
  /** The newest finished run of each policy and `-l`, newest first. */
  newest(): Promise<NewestRun[]>;
  frame(runId: string): Promise<RunFrame>;
  /** Hosts of a run, the worst first, then in the order of the inventory. Those that never came are not there. */
  hosts(runId: string, filter: HostFilter): Promise<Page<HostLine>>;
  /** One host as a run judged it; undefined where the run does not have it. */
  host(runId: string, host: string): Promise<AuditedHost | undefined>;
  /** What did not pass in a run: that of the fleet first, then each list of findings once. */
  open(runId: string): Promise<OpenFindings[]>;
  /** All findings of a run, those about the fleet included. */
  checkCounts(runId: string): Promise<CheckCount[]>;
  /** On how many hosts a finding was open in each of these runs, in their order. */
  spread(finding: FindingFilter, runIds: readonly string[]): Promise<FindingSpread[]>;
  /** What runs said of a host, newest first. */
  life(host: string, filter: Slice & { readonly policy?: string | undefined }): Promise<HostVisit[]>;
  /** Remembers a run that changes hosts; one with the same id is replaced. Resolves when it would survive a power cut. */
  recordApplied(run: AppliedRun): Promise<void>;
  /** Runs that changed hosts, newest first. */
  applied(filter: AppliedFilter): Promise<Page<AppliedSummary>>;
  /** What such a run did. Errors: CurfewError `input` for one that is not there. */
  appliedRun(runId: string): Promise<AppliedRun>;
}
