import type { AuditedHost, AuditHeader, AuditRun } from "../../model/audit.ts";
import type { PlacedFinding, TeleportInput } from "../../model/teleport.ts";
import { outcomeOfAll } from "../verdict/outcome.ts";

/** Who judged, when, by which policy. */
export type TeleportAuditHeader = Pick<AuditHeader, "runId" | "startedAt" | "curfew" | "policy">;

/** The findings as an audit, so that every report format takes them: each file stands where a host does. */
export function teleportAudit(
  { files, digest }: TeleportInput,
  placed: readonly PlacedFinding[],
  header: TeleportAuditHeader,
): AuditRun {
  const hosts = files.map((file): AuditedHost => {
    const findings = placed.filter(({ at }) => at.file === file).map(({ finding }) => finding);
    const nothing = { ladder: [], probes: [], drift: [], evidence: [] };
    return { host: file, outcome: outcomeOfAll(findings), description: "Teleport", findings, ...nothing };
  });
  return {
    schema: "curfew/audit/1",
    ...header,
    profile: null,
    inventory: { sources: files, digest, limit: "" },
    sessions: [],
    verified: false,
    finishedAt: header.startedAt,
    findings: [],
    hosts,
  };
}
