/** The system-wide paths that curfew writes or puts a block into, and that facts must therefore read. */

/** The shell logic, in one place; /etc/profile sources `*.sh` here, in byte order. */
export const SHELL_SCRIPT = "/etc/profile.d/00-curfew.sh";

/** What tcsh runs to learn its minutes; its name ends so that no shell sources it by itself. */
export const MINUTES_SCRIPT = "/etc/profile.d/00-curfew.minutes";

/** systemd: the last file wins (logind.conf.d(5)), so the name sorts last. */
export const LOGIND_FILE = "/etc/systemd/logind.conf.d/zz-curfew.conf";

/** The file itself; only where a baseline's scanners read nothing else. */
export const LOGIND_MAIN_FILE = "/etc/systemd/logind.conf";

/** What people read of it. */
export const WATCHDOG_NAME = "curfew-watchdog";

/** curfew's own mechanism, and what starts it: a timer where there is systemd, else a line of cron. */
export const WATCHDOG_FILES = {
  script: "/etc/curfew/watchdog.sh",
  service: "/etc/systemd/system/curfew-watchdog.service",
  timer: "/etc/systemd/system/curfew-watchdog.timer",
  /** Makes timers.target want the timer, as `systemctl enable` would with a symbolic link. */
  wants: "/etc/systemd/system/timers.target.d/curfew.conf",
  cron: "/etc/cron.d/curfew-watchdog",
} as const;

/** sshd: the first value wins, so the name sorts before `00-complianceascode-hardening.conf` too. */
export const SSHD_DROP_IN = "00-00-curfew.conf";

/** Whether a path is that of curfew's own drop-in, in whichever directory sshd includes. */
export function isSshdDropIn(path: string): boolean {
  return path.endsWith(`/${SSHD_DROP_IN}`);
}

/**
 * Files that interactive shells read, by the shell that reads them: Debian and SUSE,
 * then Red Hat, then Alpine and Gentoo. Only those that exist are touched, except /etc/csh.cshrc.
 */
export const SHELL_RC_FILES = {
  profile: ["/etc/profile"],
  bash: ["/etc/bash.bashrc", "/etc/bashrc", "/etc/bash/bashrc"],
  zsh: ["/etc/zsh/zshrc", "/etc/zshrc"],
  ksh93: ["/etc/ksh.kshrc", "/etc/kshrc"],
  mksh: ["/etc/mkshrc"],
  tcsh: ["/etc/csh.cshrc"],
} as const;

/**
 * Where a distribution's own file sources another one for changes of the administrator's (SUSE): the block goes there.
 * The file itself is overwritten by updates, and what it unsets on its way would be undone.
 */
export const SHELL_HOOKS: Readonly<Record<string, string>> = {
  "/etc/bash.bashrc": "/etc/bash.bashrc.local",
  "/etc/zshrc": "/etc/zsh.zshrc.local",
  "/etc/ksh.kshrc": "/etc/ksh.kshrc.local",
  "/etc/csh.cshrc": "/etc/csh.cshrc.local",
};

/** The same files as the distribution ships them, where those in /etc are left to the administrator. */
export const VENDOR_RC_FILES: readonly string[] = Object.keys(SHELL_HOOKS).map((path) => `/usr${path}`);
