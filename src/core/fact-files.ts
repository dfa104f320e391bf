/**
 * System-wide files that a control may change, wherever a distribution keeps them; absent ones are
 * reported as absent. Sources: bash(1) FILES with Debian's and Red Hat's SYS_BASHRC, zsh(1) FILES
 * with Debian's /etc/zsh, ksh93's SYSRC, mksh(1) FILES, tcsh(1) FILES, logind.conf(5).
 */
export const FACT_FILES = [
  "/etc/profile",
  "/etc/profile.d/00-curfew.sh",
  "/etc/bash.bashrc",
  "/etc/bashrc",
  "/etc/bash/bashrc",
  "/etc/zsh/zshrc",
  "/etc/zshrc",
  "/etc/ksh.kshrc",
  "/etc/mkshrc",
  "/etc/csh.cshrc",
  "/etc/systemd/logind.conf",
] as const;
