/** Whether sshd gives somebody of a class, or somebody from elsewhere, another session than the account it was asked about. Pure. */
import type { Facts, UserClass } from "../../model/facts/facts.ts";
import { effectiveValue } from "./effective.ts";
import { type LocatedDirective, sshdDirectives } from "./directives.ts";
import { answersFor, surelyMatches } from "./match-block.ts";

/**
 * Keywords that a Match block may have and that decide whether a login shell sits at a terminal, and what it reads: keys
 * bring commands and environments.
 */
const FOR_SHELLS = [
  "forcecommand",
  "permittty",
  "chrootdirectory",
  "setenv",
  "permituserenvironment",
  "permituserrc",
  "authorizedkeysfile",
  "authorizedkeyscommand",
  "trustedusercakeys",
] as const;
/** Those that decide whether there is a terminal at all. */
const FOR_TERMINALS = ["permittty"] as const;

/** Why the shells of some may not be those that were asked: a Match block of others, by account or by address. */
export function otherShell(account: UserClass, facts: Facts): string | undefined {
  return otherSession(account, facts, FOR_SHELLS);
}

/** Why some may have no terminal although the account that sshd was asked about has one. */
export function otherTerminal(account: UserClass, facts: Facts): string | undefined {
  return otherSession(account, facts, FOR_TERMINALS);
}

function otherSession(account: UserClass, facts: Facts, keywords: readonly string[]): string | undefined {
  if (facts.server.product !== "openssh") return undefined;
  const line = keywords
    .flatMap((keyword) => upToDecisive(account, facts, keyword))
    .find((each) => isOthers(each, account, facts) && !isHarmless(each));
  if (line === undefined) return undefined;
  const { match, file, line: number, keyword, args } = line;
  const shown = `${keyword} ${args.join(" ")}`.slice(0, 200);
  return `Match ${match} in ${file}:${number} may set "${shown}" for other clients or accounts than ${account.representative}; sshd was asked only about that one`;
}

/** Whether a session with a terminal speaks for all of a class: no Match block of others takes theirs away. */
export function terminalsAlike(_by: unknown, account: UserClass, _endings: unknown, facts: Facts): boolean {
  return otherTerminal(account, facts) === undefined;
}

/** A block that is certain to match, and to match everybody of the class, leaves nothing to those after it. */
function upToDecisive(account: UserClass, facts: Facts, keyword: string): readonly LocatedDirective[] {
  const lines = sshdDirectives(facts).filter((line) => line.keyword === keyword);
  const decisive = lines.findIndex(
    ({ match }) => match !== null && surelyMatches(account, match) && answersFor(account, match, facts),
  );
  return decisive === -1 ? lines : lines.slice(0, decisive);
}

function isOthers({ match }: LocatedDirective, account: UserClass, facts: Facts): boolean {
  return match !== null && !/^all$/iu.test(match.trim()) && !answersFor(account, match, facts);
}

function isHarmless({ keyword, args }: LocatedDirective): boolean {
  const value = (args[0] ?? "").toLowerCase();
  return keyword === "permittty" ? value === "yes" : value === "none" || value === "no";
}

/**
 * Why an account's sessions may be other ones by the key or certificate that opens them: what a command of the host
 * says about keys, and what a certificate carries, cannot be asked for (sshd(8), AUTHORIZED_KEYS FILE FORMAT).
 */
export function unaskedKeys(account: UserClass): string | undefined {
  const command = setFor(account, "authorizedkeyscommand");
  if (command !== undefined)
    return `keys of ${account.representative} come from AuthorizedKeysCommand ${command}, and may have a command= that was not read`;
  const authority = setFor(account, "trustedusercakeys");
  return authority === undefined
    ? undefined
    : `a certificate of TrustedUserCAKeys ${authority} may have a force-command that was not read`;
}

/** Why an account's shells may read other files than the ones that were asked: they live in another root. */
export function unaskedRoot(account: UserClass): string | undefined {
  const root = setFor(account, "chrootdirectory");
  return root === undefined
    ? undefined
    : `sshd puts ${account.representative} into ChrootDirectory ${root}, where no shell was asked`;
}

function setFor({ effective }: UserClass, keyword: string): string | undefined {
  const found = effective.state === "known" ? effectiveValue(effective.value, keyword) : undefined;
  return found === undefined || found.toLowerCase() === "none" || found === "" ? undefined : found;
}
