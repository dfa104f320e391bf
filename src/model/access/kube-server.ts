/**
 * What files of a cluster say of sessions: its programs' flags and settings, how tokens are accepted, who may do what. No
 * secret is in here: of a file that a flag names there is the name alone.
 */
import type { SourcePosition } from "../inventory/host.ts";

/** One setting as written: `--token-auth-file`, `authentication.anonymous.enabled`. */
export interface ServerSetting {
  readonly name: string;
  readonly value: string;
  /** Whether the file has text there, and not a number or a truth value. */
  readonly isText: boolean;
  readonly at: SourcePosition;
}

/** The flags of a static pod, or the keys of a KubeletConfiguration. */
export interface ServerProgram {
  readonly kind: "kube-apiserver" | "kube-controller-manager" | "kubelet";
  readonly at: SourcePosition;
  readonly settings: readonly ServerSetting[];
}

/** One entry of `jwt` in an AuthenticationConfiguration. */
export interface TokenIssuer {
  readonly url: string;
  readonly at: SourcePosition;
  /** CEL expressions that have to hold for each token. */
  readonly rules: readonly ServerSetting[];
}

export interface AuthenticationFile {
  readonly kind: "authentication";
  readonly at: SourcePosition;
  readonly issuers: readonly TokenIssuer[];
}

/** What one rule of a role allows. */
export interface RbacRule {
  readonly verbs: readonly string[];
  readonly groups: readonly string[];
  readonly resources: readonly string[];
}

export interface RbacRole {
  readonly kind: "ClusterRole" | "Role";
  readonly name: string;
  readonly namespace: string;
  readonly rules: readonly RbacRule[];
}

export interface RbacBinding {
  readonly kind: "ClusterRoleBinding" | "RoleBinding";
  readonly name: string;
  readonly namespace: string;
  readonly at: SourcePosition;
  readonly role: { readonly kind: "ClusterRole" | "Role"; readonly name: string };
  readonly subjects: readonly { readonly kind: string; readonly name: string }[];
}

export interface RbacPart {
  readonly kind: "rbac";
  readonly at: SourcePosition;
  readonly roles: readonly RbacRole[];
  readonly bindings: readonly RbacBinding[];
}

export type ServerPart = ServerProgram | AuthenticationFile | RbacPart;

/** One file as it was read. */
export interface ServerFile {
  readonly path: string;
  readonly parts: readonly ServerPart[];
}
