/**
 * What a kubeconfig says of who logs in to a cluster and how, as far as sessions are concerned. No secret is in here: of
 * a token its length of life is kept, of an exec plugin its program, never its arguments or its environment.
 */
import type { Seconds } from "../terms/duration.ts";
import type { SourcePosition } from "../inventory/host.ts";

/** What lies in a file that a kubeconfig names. */
export interface KubeFile {
  readonly path: string;
  /** Null where it could not be read; then `reason` says why. */
  readonly mode: number | null;
  readonly uid: number | null;
  readonly reason?: string;
}

/** How long a credential may be used, as far as it says so itself. */
export interface CredentialLife {
  /** ISO 8601, UTC; null: it does not say. */
  readonly from: string | null;
  readonly until: string | null;
  readonly seconds: Seconds | null;
}

/** One thing in a kubeconfig user that kubectl logs in with, in the order in which kubectl prefers them. */
export interface Credential {
  readonly kind: "token" | "bootstrap-token" | "client-certificate" | "basic-auth" | "auth-provider" | "exec";
  readonly at: SourcePosition;
  /** The keys of the kubeconfig: `token`, `client-certificate-data`. */
  readonly key: string;
  /** Null where what it names could not be read; then `reason` says why. */
  readonly life: CredentialLife | null;
  readonly reason?: string;
  /** A file that holds it. */
  readonly file?: KubeFile;
  /** Groups that a client certificate claims (its O entries). */
  readonly groups?: readonly string[];
  /** The part of the cluster that a client certificate names, where that is not a person: `system:node:web1`. */
  readonly machine?: string;
  readonly exec?: ExecPlugin;
}

export interface ExecPlugin {
  /** As written, without its arguments. */
  readonly command: string;
  readonly apiVersion: string;
  readonly interactiveMode: string | null;
  /** The id of curfew's gate, where it stands before the plugin. */
  readonly gate: string | null;
  /** Variables that the kubeconfig sets and by which what is known of the gate need not hold. */
  readonly elsewhere?: readonly string[];
  /** The plugin behind the gate. */
  readonly inner: string | null;
}

export interface KubeUser {
  readonly name: string;
  readonly at: SourcePosition;
  readonly credentials: readonly Credential[];
  /** Where `as-groups` asks the server for the rights of system:masters. */
  readonly mastersAt?: SourcePosition;
  readonly contexts: readonly string[];
}

export interface KubeCluster {
  readonly name: string;
  readonly at: SourcePosition;
  readonly server: string | null;
  /** Where `insecure-skip-tls-verify: true` stands. */
  readonly insecureAt: SourcePosition | null;
  /** Where a server without TLS stands. */
  readonly plainAt: SourcePosition | null;
}

export interface KubeContext {
  readonly name: string;
  readonly at: SourcePosition;
  readonly cluster: string;
  readonly user: string;
}

export interface Kubeconfig {
  readonly file: KubeFile;
  readonly currentContext: string | null;
  readonly users: readonly KubeUser[];
  readonly clusters: readonly KubeCluster[];
  readonly contexts: readonly KubeContext[];
}

/** What the policy asks of cluster sessions; null where it sets no such limit. */
export interface KubeLimits {
  readonly idle: Seconds | null;
  readonly max: Seconds | null;
}

/** What becomes of the next kubectl command with a context. */
export interface KubeSession {
  readonly context: string;
  readonly user: string;
  /** `no-user`: the kubeconfig has no user of the name that the context gives. */
  readonly state: "open" | "ended" | "no-login" | "no-gate" | "no-user";
  readonly idle: Seconds | null;
  readonly max: Seconds | null;
  /** Since the login. */
  readonly sinceSeconds: Seconds | null;
  readonly leftSeconds: Seconds | null;
}
