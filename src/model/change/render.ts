/** Files of curfew for a host that is not asked: what is written, where it goes, and what was assumed. */
import type { Facts, OpenSshVersion } from "../facts/facts.ts";
import type { Coverage, Finding, Uncaught } from "../verdict/finding.ts";
import type { Activation } from "./plan.ts";

/** What files come out as. */
export const RENDER_FORMS = ["dir", "tar", "ansible", "cloud-init", "shell"] as const;
export type RenderForm = (typeof RENDER_FORMS)[number];

/** What of a host's facts decides its files. `check --json` saves it; who is there is not in it. */
export type SystemFacts = Pick<
  Facts,
  | "server"
  | "os"
  | "kernel"
  | "service"
  | "systemdVersion"
  | "logind"
  | "shells"
  | "files"
  | "foreignTimeouts"
> & {
  readonly sshd: Pick<Facts["sshd"], "path" | "version" | "mainFile" | "includes" | "dropIns" | "options">;
};

/** A system that files are meant for, as a script on a host can tell it. */
export interface TargetSystem {
  /** `Debian 12`. */
  readonly label: string;
  /** Values of os-release's ID; empty: every system matches. */
  readonly ids: readonly string[];
  /** VERSION_ID begins with one of these, up to a dot or its end; empty: every version matches. */
  readonly versions: readonly string[];
  /** The releases of OpenSSH that do the same with the files: from the first, before the second; null: and all later ones. */
  readonly openssh: { readonly from: OpenSshVersion; readonly before: OpenSshVersion | null };
  /** What starts sshd, as systemd and service(8) call it. */
  readonly unit: string;
}

/** A file that is curfew's as a whole. */
export interface RenderedFile {
  readonly path: string;
  readonly content: string;
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly activation: Activation | null;
}

/** Where a block goes: `match` is before the first Match line or else last, `section` below the header that is `after`. */
export type RenderedPlace =
  | { readonly at: "top" | "end" | "match" }
  | { readonly at: "section"; readonly after: string };

/** Lines of curfew in somebody else's file. */
export interface RenderedBlock {
  readonly path: string;
  readonly name: string;
  readonly body: readonly string[];
  readonly place: RenderedPlace;
  /** The mode of the file where it has to be made; null: only where it is there. */
  readonly create: string | null;
  readonly activation: Activation | null;
}

/** A file, and what has to happen where it was changed. */
export interface TouchedFile {
  readonly path: string;
  readonly activation: Activation | null;
}

/** The systemd units that an activation restarts. */
export interface ActivatedUnits {
  readonly activation: Activation;
  readonly units: readonly string[];
}

/** Everything that a policy comes to on one system. */
export interface Rendering {
  readonly policy: string;
  readonly system: TargetSystem;
  readonly files: readonly RenderedFile[];
  readonly blocks: readonly RenderedBlock[];
  /** Files of curfew that must not be there. */
  readonly absent: readonly TouchedFile[];
  /** Files of others that blocks go into, or that must have none of curfew's. */
  readonly shared: readonly TouchedFile[];
  /** The file that sshd reads first. */
  readonly sshdMain: string;
  /** Where the daemon is. */
  readonly sshd: string;
  /** All that the files may need, in their order; each file says its own. */
  readonly activations: readonly Activation[];
  /** Complete sentences without a full stop. */
  readonly assumed: readonly string[];
  readonly findings: readonly Finding[];
  readonly coverage: readonly Coverage[];
  readonly uncaught: readonly Uncaught[];
}

/** One file of what was rendered, below the output's folder. */
export interface OutputFile {
  readonly path: string;
  readonly content: string;
  readonly mode: string;
}
