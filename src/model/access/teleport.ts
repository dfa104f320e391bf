/** What Teleport is configured with, as far as it concerns idle sessions. Plain data. */
import type { Finding } from "../verdict/finding.ts";
import type { SourcePosition } from "../inventory/host.ts";
import type { Seconds } from "../terms/duration.ts";

/** What is read of Teleport: its own file, and resources as `tctl get` prints them. */
export const TELEPORT_KINDS = [
  "teleport.yaml",
  "cluster_networking_config",
  "cluster_auth_preference",
  "role",
  "scoped_role",
] as const;
export type TeleportKind = (typeof TELEPORT_KINDS)[number];

/** One key of a document with what stands behind it. */
export interface TeleportEntry {
  /** From the top of the document: `["spec", "options", "client_idle_timeout"]`. */
  readonly path: readonly string[];
  readonly keyAt: SourcePosition;
  readonly valueAt: SourcePosition;
  readonly form: "scalar" | "mapping" | "list";
  /** As written, without quotes; undefined for a mapping or a list. */
  readonly text?: string;
  readonly quoted: boolean;
}

/** One document: a whole teleport.yaml, or one resource. */
export interface TeleportDocument {
  readonly kind: TeleportKind;
  /** Of a resource; empty for a file. */
  readonly name: string;
  readonly at: SourcePosition;
  readonly entries: readonly TeleportEntry[];
}

/** Everything that was given. */
export interface TeleportInput {
  readonly files: readonly string[];
  /** sha256 (hex) of all of it. */
  readonly digest: string;
  readonly documents: readonly TeleportDocument[];
  /** Resources of other kinds, which say nothing about idle sessions: their kinds, each once. */
  readonly ignored: readonly string[];
}

/** A statement about one place of a file. */
export interface PlacedFinding {
  readonly at: SourcePosition;
  readonly finding: Finding;
}

/** What the values are held against. */
export interface TeleportLimits {
  /** For the whole cluster; undefined: there has to be one, of whatever length. */
  readonly cluster?: Seconds;
  /** Whether nothing at all is asked of the whole cluster, as a policy with limits for roles only does. */
  readonly rolesOnly: boolean;
  /** By Teleport role: the strictest of the policy's roles that name it, and which one that is. */
  readonly roles: ReadonlyMap<string, { readonly limit: Seconds; readonly role: string }>;
}

/** A kind of session behind Teleport, and what its idle timeout does to it. */
export interface TeleportSession {
  readonly id: string;
  readonly title: string;
  readonly ends: "in-time" | "never" | "unproven";
  readonly why: string;
}
