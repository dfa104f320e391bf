/** The ways a session can be idle. `typing` is the one that must be kept. */
export const SESSION_KINDS = [
  "idle-shell",
  "frozen-client",
  "escaped-shell",
  "foreground-program",
  "output-loop",
  "tmux",
  "idle-command",
  "idle-sftp",
  "unused-connection",
  "idle-forward",
  "typing",
] as const;
export type SessionKind = (typeof SESSION_KINDS)[number];

/** The kinds that `verify` can open today. */
export const PROBED_KINDS = ["idle-shell", "frozen-client", "typing"] as const satisfies SessionKind[];
export type ProbedKind = (typeof PROBED_KINDS)[number];
