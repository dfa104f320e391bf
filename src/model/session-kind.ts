/** The ways a session can be idle. `typing` is the one that must be kept. */
export const SESSION_KINDS = [
  "idle-shell",
  "frozen-client",
  "nested-shell",
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

/** The kinds that `verify` opens unless others are asked for: on some release, nothing ends each of the rest. */
export const DEFAULT_PROBES = ["idle-shell", "frozen-client", "typing"] as const satisfies SessionKind[];

/** Whether the kind is a session with a terminal. */
export function hasTerminal(session: SessionKind): boolean {
  return !["idle-command", "idle-sftp", "unused-connection", "idle-forward"].includes(session);
}

/** The kinds with a terminal that have to end. */
export const WITH_TERMINAL: readonly SessionKind[] = SESSION_KINDS.filter(
  (kind) => kind !== "typing" && hasTerminal(kind),
);
