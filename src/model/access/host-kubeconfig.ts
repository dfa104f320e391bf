/** What was read of kubeconfigs on a host. Names, times, modes and places: nothing that could be a secret left the host. */
import type { Kubeconfig, KubeLimits } from "./kube.ts";

export interface HostKubeconfig {
  /** The account whose it is; root for the host's own. */
  readonly owner: string;
  /** Whether the policy's limits are for that account; null where that could not be found out. */
  readonly meant: boolean | null;
  readonly kubeconfig: Kubeconfig;
  /** By the id of a gate; null where its state could not be read. */
  readonly gates: Readonly<Record<string, KubeLimits | null>>;
  /** Why what is in it cannot be judged, and at which line; then it has no users here. */
  readonly doubt?: { readonly line: number; readonly reason: string };
  /** Lines with keys that kubectl ignores. */
  readonly odd: readonly number[];
}

/** A file, or all that is below a folder, that was not read. */
export interface UnreadKubeconfig {
  readonly owner: string;
  readonly path: string;
  readonly reason: string;
}

export interface HostKubeconfigs {
  readonly files: readonly HostKubeconfig[];
  readonly unread: readonly UnreadKubeconfig[];
  /** Accounts whose home was looked into. */
  readonly accounts: number;
  /** Accounts that have a kubeconfig and that the policy does not name: it was not read. */
  readonly apart: number;
  /** Why not everything was looked at; undefined where it was. */
  readonly cut: string | undefined;
}
