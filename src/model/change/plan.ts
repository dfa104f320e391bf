/** What would change on a host, and what a run came to. A plan is data: shown, saved, decided anew before it is applied. */
import type { ErrorData } from "../terms/error.ts";
import type { FileState } from "../facts/facts.ts";
import type { Coverage, Finding, Uncaught } from "../verdict/finding.ts";
import type { ControlId } from "../terms/control-id.ts";
import type { Reading } from "../terms/reading.ts";
import type { JudgedSession } from "../facts/session.ts";

/** What has to happen after the files are in place, each at most once: the name of a control's activation. */
export type Activation = string;

/** The one that the guard knows by itself: sshd is what it must not lose. */
export const RELOAD_SSHD: Activation = "reload-sshd";

/** A file as a control wants it. Null content: it must not exist. */
export interface DesiredFile {
  readonly control: ControlId;
  readonly path: string;
  readonly content: string | null;
  readonly mode: string;
  /** Kept from the file as it was where curfew only puts a block into it; root where left out. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  readonly reason: string;
  /** What a mistake here could break, for people. */
  readonly risk: "login" | "shell" | "service";
  readonly activation: Activation | null;
}

/** One file that differs. */
export interface Change {
  readonly control: ControlId;
  /** The real path, after symbolic links. */
  readonly path: string;
  readonly action: "create" | "update" | "remove";
  readonly before: FileState | null;
  readonly after: FileState | null;
  readonly reason: string;
  readonly risk: DesiredFile["risk"];
  readonly activation: Activation | null;
}

/** What `sshd -T -C` must say for a real account once the change is in place. */
export interface Expectation {
  readonly role: string;
  readonly user: string;
  /** Lower-case `keyword value`, as sshd prints it. */
  readonly lines: readonly string[];
}

/** Everything decided about one host. */
export interface HostPlan {
  readonly host: string;
  readonly factsDigest: string;
  /** One line for people: system, sshd version, service manager. */
  readonly description: string;
  readonly changes: readonly Change[];
  readonly activations: readonly Activation[];
  readonly expectations: readonly Expectation[];
  readonly findings: readonly Finding[];
  readonly coverage: readonly Coverage[];
  readonly uncaught: readonly Uncaught[];
  /** Who was logged in when the plan was made, and what becomes of them; left out where that was not asked. */
  readonly sessions?: Reading<readonly JudgedSession[]>;
  /** Set where the host could not be read or must not be changed; then there are no changes. */
  readonly error?: ErrorData;
}

/** What tells one plan of a host from another, without the contents of its files: sha256 (hex). */
export interface PlanDigests {
  readonly facts: string;
  readonly changes: string;
}

/** A saved plan: pure data. */
export interface Plan {
  readonly schema: "curfew/plan/1";
  readonly createdAt: string;
  readonly policy: { readonly file: string; readonly digest: string };
  readonly inventory: {
    /** As given with `-i`, paths made absolute. */
    readonly sources: readonly string[];
    readonly digest: string;
    /** As given with `-l`, or empty. */
    readonly limit: string;
  };
  readonly hosts: readonly HostPlan[];
}
