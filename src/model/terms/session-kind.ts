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
  "idle-database",
  "idle-console",
  "typing",
] as const;
export type SessionKind = (typeof SESSION_KINDS)[number];

/** The kinds that `verify` opens unless others are asked for: on some release, nothing ends each of the rest. */
export const DEFAULT_PROBES = ["idle-shell", "frozen-client", "typing"] as const satisfies SessionKind[];

/** The kinds of session with a service that people reach past sshd; see `ServiceSessions`. */
type ServiceKind = "idle-database" | "idle-console";
export type SshKind = Exclude<SessionKind, ServiceKind>;

/** Whether only controls that say so themselves end such a session, on hosts where the service runs. */
export function isServiceKind(session: SessionKind): session is ServiceKind {
  return session === "idle-database" || session === "idle-console";
}

/** The kinds that every host has: those of its sshd. */
export const SSH_KINDS: readonly SshKind[] = SESSION_KINDS.filter((kind) => !isServiceKind(kind));

/** Whether the kind is a session with a terminal. */
export function hasTerminal(session: SessionKind): boolean {
  const without: readonly SessionKind[] = ["idle-command", "idle-sftp", "unused-connection", "idle-forward"];
  return !without.includes(session) && !isServiceKind(session);
}

/** The kinds with a terminal that have to end. */
export const WITH_TERMINAL: readonly SessionKind[] = SESSION_KINDS.filter(
  (kind) => kind !== "typing" && hasTerminal(kind),
);
