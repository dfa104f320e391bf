/** Whether sshd starts a login shell, and a terminal, for an account at all: its own answer says so. Pure. */
import type { UserClass } from "../../model/facts/facts.ts";
import { effectiveValue } from "./effective.ts";

/**
 * Why no login shell sits at a prompt for the account; undefined where one does, or sshd was not asked. sshd_config(5)
 * ForceCommand runs whatever is asked for, by `SHELL -c`; without a terminal a shell is not interactive.
 */
export function withoutShell(account: UserClass): string | undefined {
  const command = valueFor(account, "forcecommand");
  if (command !== undefined && command.toLowerCase() !== "none" && command !== "")
    return `sshd runs "ForceCommand ${command}" for ${account.representative}, and no login shell`;
  return withoutTerminal(account);
}

/** Why the account gets no terminal; undefined where it does, or sshd was not asked. */
export function withoutTerminal(account: UserClass): string | undefined {
  return valueFor(account, "permittty") === "no"
    ? `sshd gives ${account.representative} no terminal ("PermitTTY no")`
    : undefined;
}

function valueFor({ effective }: UserClass, keyword: string): string | undefined {
  return effective.state === "known" ? effectiveValue(effective.value, keyword) : undefined;
}
