/** Files that were judged, as an audit, so that every report format takes them. Pure. */
import type { AuditedHost, AuditHeader, AuditRun } from "../../model/record/audit.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import { outcomeOfAll } from "../verdict/outcome.ts";

/** Who judged which files, when, by which policy. */
export interface FileAuditHeader extends Pick<AuditHeader, "runId" | "startedAt" | "curfew" | "policy"> {
  readonly finishedAt: string;
  /** As they were given. */
  readonly files: Pick<AuditHeader["inventory"], "sources" | "digest">;
}

/** What stands where a host does: a file, or the machine that its files lie on. No session was opened there. */
export function auditedFiles(host: string, description: string, findings: readonly Finding[]): AuditedHost {
  const nothing = { ladder: [], probes: [], drift: [], evidence: [] };
  return { host, outcome: outcomeOfAll(findings), description, findings, ...nothing };
}

/** In the form of every other audit. */
export function auditOfFiles({ files, ...header }: FileAuditHeader, hosts: readonly AuditedHost[]): AuditRun {
  return {
    schema: "curfew/audit/1",
    ...header,
    profile: null,
    inventory: { ...files, limit: "" },
    sessions: [],
    verified: false,
    findings: [],
    hosts,
  };
}
