/** A reload of sshd that is over when it is said to be. */

/** For sh: the sockets that sshd listens with on port 22; others as soon as it has reloaded. */
export const SSHD_SOCKETS = `$(awk '$2 ~ /:0016$/ && $4 == "0A" { print $10 }' /proc/net/tcp /proc/net/tcp6 | sort)`;

/**
 * A line of sh: reloads sshd by its unit and waits until it listens anew. A reload is a signal; until sshd has started
 * itself anew a login meets the old settings, or is refused. Not for a socket of systemd's: a reload leaves that as it is.
 */
export const RELOAD_SSHD = reloadSshd("systemctl reload ssh");

/** The same, by another command. */
export function reloadSshd(command: string): string {
  return (
    `{ old="${SSHD_SOCKETS}"; ${command}; } && for n in $(seq 600); do new="${SSHD_SOCKETS}"; ` +
    `[ -z "$new" ] || echo "$new" | grep -qxF "$old" || break; sleep 0.05; done`
  );
}
