import type { AuditRun } from "../../model/record/audit.ts";
import type { PlacedFinding, TeleportInput } from "../../model/access/teleport.ts";
import { auditedFiles, type FileAuditHeader, auditOfFiles } from "../audit/of-files.ts";

/** The findings as an audit: each file stands where a host does. */
export function teleportAudit(
  { files, digest }: TeleportInput,
  placed: readonly PlacedFinding[],
  header: Omit<FileAuditHeader, "files" | "finishedAt">,
): AuditRun {
  const hosts = files.map((file) => {
    const findings = placed.filter(({ at }) => at.file === file).map(({ finding }) => finding);
    return auditedFiles(file, "Teleport", findings);
  });
  return auditOfFiles({ ...header, finishedAt: header.startedAt, files: { sources: files, digest } }, hosts);
}
