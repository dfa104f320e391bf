import type { ErrorData } from "../terms/error.ts";
import type { InForce } from "../control/ending.ts";
import type { Finding, LadderCell } from "../verdict/finding.ts";
import type { SystemFacts } from "../change/render.ts";
import type { ProbeResult } from "../change/run.ts";

/** What `curfew check` found on one host: what is set there, and what really ends which session. */
export interface CheckedHost {
  readonly host: string;
  /** `pass` also where nothing was asked: a host without a limit to hold it against is only described. */
  readonly outcome: "pass" | "fail" | "unknown";
  /** `Debian GNU/Linux 12 (bookworm), OpenSSH 9.2, systemd`; empty where it could not be read. */
  readonly description: string;
  /** Lines that do nothing first. */
  readonly settings: readonly InForce[];
  /** Per class of people and kind of session. */
  readonly ladder: readonly LadderCell[];
  /** The sessions of `--prove`. */
  readonly probes: readonly ProbeResult[];
  readonly findings: readonly Finding[];
  /** Whether curfew has changed the host before: then its policy is what to hold it against. */
  readonly managed: boolean;
  /** What `render --facts` needs of the host; left out where it could not be read. */
  readonly facts?: SystemFacts;
  readonly error?: ErrorData;
}
