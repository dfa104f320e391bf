/** One audit of a fleet: what was judged, by what, and what was found. Plain data; stored and reported as it is. */
import type { ErrorData } from "../terms/error.ts";
import type { Finding, LadderCell } from "../verdict/finding.ts";
import type { EvidenceFile } from "../verdict/evidence.ts";
import type { ProbeResult } from "../change/run.ts";
import type { SessionKind } from "../terms/session-kind.ts";

/** What `--format` takes; the registry of renderers is report/audit-formats.ts. */
export const REPORT_FORMAT_NAMES = [
  "html",
  "json",
  "csv",
  "junit",
  "sarif",
  "oscal",
  "cklb",
  "metrics",
] as const;
export type ReportFormatName = (typeof REPORT_FORMAT_NAMES)[number];

/** A rule of a compliance baseline, as far as reports need it. */
export interface RuleInfo {
  /** As findings name it: `RHEL-09-255100`, `5.1.7`, `8.2.8`. */
  readonly id: string;
  readonly title: string;
  readonly severity: "high" | "medium" | "low";
  /** Other names of it and what it goes back to: `V-257996`, `CCI-001133`, `NIST SP 800-53 AC-12`, `SRG-OS-…`. */
  readonly references: readonly string[];
}

/** A compliance baseline, as far as reports need it. */
export interface ProfileInfo {
  readonly id: string;
  readonly title: string;
  /** The baseline's release: `V2R8`, `4.0.1`. */
  readonly version: string;
  readonly rules: readonly RuleInfo[];
}

/** A finding's name over time, within one host. */
export type FindingKey = string;

/** What was found on one host. */
export interface AuditedHost {
  readonly host: string;
  /** `unknown` outranks `fail`; what is waived or not applicable does not count against it. */
  readonly outcome: "pass" | "fail" | "unknown";
  /** One line for people: system, sshd version, service manager; empty where it could not be read. */
  readonly description: string;
  /** Id of the baseline that it was judged by, where the policy names several. */
  readonly profile?: string;
  readonly findings: readonly Finding[];
  /** One cell per role and session kind; empty where the host could not be read. */
  readonly ladder: readonly LadderCell[];
  /** Real sessions, where the audit was asked to open some. */
  readonly probes: readonly ProbeResult[];
  /** Files that differ from the policy or from what was applied, as unified diffs; each at most 16,000 characters. */
  readonly drift: readonly { readonly path: string; readonly diff: string }[];
  readonly evidence: readonly EvidenceFile[];
  readonly error?: ErrorData;
}

/** Everything of an audit but its hosts. */
export interface AuditHeader {
  readonly schema: "curfew/audit/1";
  /** `20261122T034310Z-audit-3f2a9c01`: sorts by time. */
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Version of curfew that judged. */
  readonly curfew: string;
  readonly policy: { readonly name: string; readonly file: string; readonly digest: string };
  /** Of several all in one: their ids and titles with commas, the rules of all. */
  readonly profile: ProfileInfo | null;
  /** Each by itself, where the policy names several. */
  readonly profiles?: readonly ProfileInfo[];
  readonly inventory: {
    readonly sources: readonly string[];
    readonly digest: string;
    readonly limit: string;
  };
  /** Kinds of session whose end counts; what becomes of the others is shown and not judged. */
  readonly sessions: readonly SessionKind[];
  /** Whether real sessions were opened; `scaled`: with limits scaled down to this many seconds. */
  readonly verified: boolean;
  readonly scaled?: number;
  /** What the audit is about and who is responsible for it, in the words of whoever ran it. */
  readonly scope?: string;
  readonly assessor?: string;
}

/** What an audit came to, once every host has been judged. */
export interface AuditEnd {
  readonly finishedAt: string;
  /** About the fleet as a whole, such as an exemption that exempts nobody anywhere. */
  readonly findings: readonly Finding[];
}

export interface AuditRun extends AuditHeader, AuditEnd {
  /** In the order of the inventory. */
  readonly hosts: readonly AuditedHost[];
}

/** How many of each outcome. */
export interface OutcomeCounts {
  readonly pass: number;
  readonly fail: number;
  readonly unknown: number;
  readonly waived: number;
  /** Left out where there are none. */
  readonly "not-applicable"?: number;
}

/** How many hosts of each outcome that a host can have. */
export type HostCounts = Pick<OutcomeCounts, AuditedHost["outcome"]>;

/** One line of the history. */
export interface RunSummary {
  readonly runId: string;
  readonly startedAt: string;
  /** Null: still running, or it was killed. */
  readonly finishedAt: string | null;
  readonly state: "finished" | "running" | "broken-off";
  readonly policy: string;
  readonly profile: string | null;
  readonly verified: boolean;
  readonly hosts: HostCounts;
  /** What does not apply is not counted. */
  readonly findings: OutcomeCounts;
}

/**
 * One finding whose outcome differs between two runs, or that passes and is no longer demonstrated; null: the run has
 * no such finding.
 */
export interface FindingChange {
  /** Empty for a finding about the fleet. */
  readonly host: string;
  readonly key: FindingKey;
  readonly before: Finding["outcome"] | null;
  readonly after: Finding["outcome"] | null;
  /** Set where a session had shown it in the earlier run, and none did in the later one. */
  readonly undemonstrated?: true;
  /** As the later run that has it says it. */
  readonly finding: Finding;
}

/** What a report shows beside the run itself. */
export interface AuditContext {
  /** Runs of the same policy, oldest first, this one last. */
  readonly trend: readonly RunSummary[];
  /** Against the run before; empty where there is none. */
  readonly changes: readonly FindingChange[];
}
