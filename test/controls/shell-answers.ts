/** Facts as if every login shell in use had been asked what its limit is. */
import { ksh93Timeout, minutesOf } from "../../src/controls/shell-timeout/render/limits.ts";
import type { Facts, ShellFact, UserClass } from "../../src/model/facts/facts.ts";
import type { LoginShell, ShellAnswer } from "../../src/model/facts/login-shell.ts";
import { known, unreadable } from "../../src/model/terms/reading.ts";

/** Each class has every shell in use; `limitOf` is the policy's limit for a class, null for none. */
export function answered(facts: Facts, limitOf: (account: UserClass) => number | null): Facts {
  const { classes } = facts.sshd;
  if (classes.state !== "known") return facts;
  const used = facts.shells.filter(({ inUse }) => inUse);
  const asked = classes.value.map((account) =>
    Object.assign({}, account, { logins: used.map((shell) => login(account, shell, limitOf(account))) }),
  );
  return { ...facts, sshd: { ...facts.sshd, classes: known(asked) } };
}

/** One login shell with what it says, for everybody of a class. */
export function login(
  { representative, size, users }: Pick<UserClass, "representative" | "size" | "users">,
  shell: Pick<ShellFact, "path" | "kind">,
  limit: number | null,
): LoginShell {
  const family = FAMILIES[shell.kind];
  const said =
    family === undefined ? unreadable<ShellAnswer>("it is no shell") : known(answer(family, limit));
  return { path: shell.path, size, users, asked: [{ user: representative, login: said }] };
}

function answer(family: ShellAnswer["family"], limit: number | null): ShellAnswer {
  const set = limit === null || family === "other" ? null : (VALUES[family]?.(limit) ?? limit);
  return { family, version: "1", limit: set, readonly: set !== null, exported: false };
}

const VALUES: Readonly<Partial<Record<ShellAnswer["family"], (limit: number) => number>>> = {
  ksh93: ksh93Timeout,
  tcsh: (limit) => minutesOf(limit) * 60,
};

const FAMILIES: Readonly<Record<string, ShellAnswer["family"]>> = {
  bash: "bash",
  rbash: "bash",
  zsh: "zsh",
  zsh5: "zsh",
  ksh93: "ksh93",
  mksh: "mksh",
  tcsh: "tcsh",
  dash: "other",
  fish: "other",
};
