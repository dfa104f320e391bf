import type { Seconds } from "../terms/duration.ts";
import type { ControlId } from "../terms/control-id.ts";
import type { Exemption } from "./policy.ts";
import type { Baseline } from "./baseline.ts";

/** The limits of one role on one host; null where the policy sets none. */
export interface RoleLimits {
  /** Role name, or `default` for everybody whom no role selects. */
  readonly role: string;
  readonly users: readonly string[];
  readonly groups: readonly string[];
  /** Roles of databases that its people use beside those of their own names; none where left out. */
  readonly databaseRoles?: readonly string[];
  /** Never looser than the defaults. */
  readonly idle: Seconds | null;
  readonly unresponsive: Seconds | null;
  readonly warnBefore: Seconds | null;
}

/** An exemption that holds today, on this host. */
export interface ActiveExemption {
  readonly exemption: Exemption;
  readonly controls: readonly ControlId[];
}

/** The policy boiled down to one host. */
export interface HostLimits {
  /** The policy's name, for the header of files on the host. */
  readonly policy?: string;
  /** What becomes of tmux when the watchdog ends the session of its client; `detach` if left out. */
  readonly tmux?: "detach" | "end";
  /** `main`: sshd's settings go into its main file, even where a drop-in would be read. */
  readonly sshdFile?: "drop-in" | "main";
  /** The compliance baseline whose rules the files have to satisfy literally. */
  readonly baseline?: Baseline;
  readonly defaults: RoleLimits;
  /** Roles that apply to the host, strictest idle limit first, then by name. */
  readonly roles: readonly RoleLimits[];
  readonly exemptions: readonly ActiveExemption[];
  /** Exemptions past their last day: reported, never applied. */
  readonly expired: readonly Exemption[];
}
