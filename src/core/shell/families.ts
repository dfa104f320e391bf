import type { Facts, ShellFact } from "../../model/facts/facts.ts";

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

/** By the real file's name. */
function familyOf({ kind }: ShellFact): ShellFamily {
  return FAMILIES[kind] ?? "other";
}

/** The families installed: their files are written, since anybody may start such a shell. */
export function familiesOf(facts: Facts): Set<ShellFamily> {
  return new Set(facts.shells.map(familyOf));
}

/** The families that are somebody's login shell: what coverage and findings are about. */
export function familiesInUse(facts: Pick<Facts, "shells">): Set<ShellFamily> {
  return new Set(facts.shells.filter(({ inUse }) => inUse).map(familyOf));
}

/** Whether a shell is known by its name to have no idle timeout. */
export function hasNoTimeout(path: string, { shells }: Pick<Facts, "shells">): boolean {
  const shell = shells.find((each) => each.path === path);
  return shell !== undefined && familyOf(shell) === "none";
}

/** Login shells of somebody that have no idle timeout. */
export function shellsWithoutTimeout(facts: Facts): ShellFact[] {
  return facts.shells.filter((shell) => shell.inUse && familyOf(shell) === "none");
}
