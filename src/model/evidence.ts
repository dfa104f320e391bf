import type { EvidenceFile } from "./finding.ts";

/**
 * Keeps a text that backs a statement about a host, as it is. `name` is a plain file name, unique
 * within the host; `title` says what it is, for people. Resolves with undefined where it could not be
 * kept: a warning has been given then. Never rejects.
 */
export type KeepEvidence = (
  host: string,
  name: string,
  title: string,
  content: string,
) => Promise<EvidenceFile | undefined>;
