/** A file that was kept to back a statement, beside the run's journal. */
export interface EvidenceFile {
  /** Relative to the run's directory: `evidence/web1/sshd-effective.txt`. */
  readonly path: string;
  /** sha256, hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
  /** What it is, for people: `sshd -T -C user=alice`. */
  readonly title: string;
}

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
