/** Hosts as an inventory names them, and how they are reached. */

/** Where an entry was written, for messages: 1-based line and column. */
export interface SourcePosition {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** How the login user becomes root. `none` when the login user is root. */
export interface Escalation {
  readonly method: "none" | "sudo";
}

/** One inventory entry after groups and variables are resolved. */
export interface Host {
  /** Inventory name; unique; what people and reports call it. */
  readonly name: string;
  /** What to connect to: `ansible_host`, else the name. ssh_config may map it further. */
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  /** Absolute path of a private key, `~` already expanded. */
  readonly identityFile?: string;
  /**
   * Absolute path of the ssh_config the host was found in, for `ssh -F`: its HostName, Port, User
   * and ProxyJump are read by ssh itself. Undefined: the user's own configuration.
   */
  readonly configFile?: string;
  /** The machine that curfew runs on: no SSH is needed to reach it. Undefined: over SSH. */
  readonly connection?: "local";
  /** `undefined`: decided at login (root needs none, others sudo). */
  readonly become?: Escalation;
  /** The network that the host is in, `curfew_zone`: whoever works for that zone reaches it. */
  readonly zone?: string;
  /** Every group the host is in, directly or through `children`; `all` included; sorted. */
  readonly groups: readonly string[];
  readonly source: SourcePosition;
}

/** A whole inventory: hosts in the order of the file, and every group name that exists in it. */
export interface Inventory {
  readonly hosts: readonly Host[];
  readonly groups: readonly string[];
  /** sha256 (hex) over the resolved hosts, for saved plans. */
  readonly digest: string;
}

/** An inventory as read, with what was ignored on the way: lines `file:line:column: message`. */
export interface LoadedInventory extends Inventory {
  /** Those that were asked for: only their variables were checked. */
  readonly chosen: readonly Host[];
  readonly warnings: readonly string[];
}
