import type { KubeLimits } from "../../model/access/kube.ts";

/** What is known of a gate on this machine, by its id; null limits where its state could not be read. */
export type GateLimits = ReadonlyMap<string, KubeLimits | null>;

export interface KubeAuditView {
  /** Null where there is no policy for clusters, or where it is not meant for the owner of the file. */
  readonly limits: KubeLimits | null;
  readonly gates: GateLimits;
  readonly now: Date;
}
