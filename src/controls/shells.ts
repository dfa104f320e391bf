import type { Facts, ShellFact } from "../model/facts.ts";

/** Shells that behave alike; `none` has no idle timeout, `other` is no login shell for people. */
export type ShellFamily = "bash" | "zsh" | "ksh93" | "mksh" | "tcsh" | "none" | "other";

/**
 * Which shells end an idle prompt by themselves: bash(1), zsh(1), ksh(1) and mksh(1) TMOUT, tcsh(1)
 * autologout. dash, fish, the BSD csh and Debian's busybox have nothing of the kind.
 */
const FAMILIES: Readonly<Record<string, ShellFamily>> = {
  bash: "bash",
  rbash: "bash",
  "bash-static": "bash",
  zsh: "zsh",
  rzsh: "zsh",
  zsh5: "zsh",
  "zsh-static": "zsh",
  ksh93: "ksh93",
  rksh93: "ksh93",
  ksh: "ksh93",
  rksh: "ksh93",
  ksh2020: "ksh93",
  mksh: "mksh",
  lksh: "mksh",
  "mksh-static": "mksh",
  pdksh: "mksh",
  oksh: "mksh",
  loksh: "mksh",
  tcsh: "tcsh",
  csh: "none",
  "bsd-csh": "none",
  sh: "none",
  dash: "none",
  ash: "none",
  busybox: "none",
  "busybox-static": "none",
  fish: "none",
  posh: "none",
  yash: "none",
  elvish: "none",
  nu: "none",
  xonsh: "none",
  pwsh: "none",
};

/** Always there as the system's own shell; they count only where an account is known to use them. */
const SYSTEM_SHELLS: ReadonlySet<string> = new Set(["sh", "dash", "ash", "busybox", "busybox-static"]);

function familyOf({ kind }: ShellFact): ShellFamily {
  return FAMILIES[kind] ?? "other";
}

export function familiesOf(facts: Facts): Set<ShellFamily> {
  return new Set(facts.shells.map(familyOf));
}

/** Shells without an idle timeout that people may get at login. */
export function shellsWithoutTimeout(facts: Facts): ShellFact[] {
  return facts.shells.filter((shell) => {
    if (familyOf(shell) !== "none") return false;
    return shell.accounts === undefined ? !SYSTEM_SHELLS.has(shell.kind) : shell.accounts > 0;
  });
}
