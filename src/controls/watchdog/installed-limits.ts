/** Whom an installed watchdog ends and when, from its own script, where no policy is at hand. Pure. */
import { writtenDigest } from "../../core/plan/guard.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import type { Facts, UserClass } from "../../model/facts/facts.ts";
import { WATCHDOG_FILES } from "../../model/inventory/host-paths.ts";

/** For the accounts of one class. */
export type InstalledLimit =
  /** At the latest; `doubt`: why it may not concern all of them. */
  | { readonly seconds: Seconds; readonly doubt?: string }
  | { readonly seconds: null }
  | { readonly unread: string };

/**
 * The longest limit in the script holds for everybody whom it does not exempt: roles are stricter than the limit for
 * everyone else. Only a script that is as curfew wrote it says what it does.
 */
export function installedLimit(
  { files, curfew }: Pick<Facts, "files" | "curfew">,
  account: UserClass,
): InstalledLimit {
  const { script: path } = WATCHDOG_FILES;
  const state = files.find((file) => file.path === path)?.state;
  if (state?.state !== "known") return { seconds: null };
  const { content } = state.value;
  if (curfew.written[path] !== writtenDigest(content))
    return { unread: "the limits of the watchdog, whose script is not as curfew wrote it," };
  const ends = [...content.matchAll(LIMIT)].map(([, seconds]) => Number(seconds));
  if (ends.length === 0) return { seconds: null };
  const seconds = Math.max(...ends);
  const exempt = exemption(content, account);
  if (exempt === "all") return { seconds: null };
  if (!EVERYONE_ELSE.test(content)) return { seconds, doubt: `its script ${NAMES}; ${UNKNOWN(account)}` };
  return exempt === "none" ? { seconds } : { seconds, doubt: `its script exempts some; ${UNKNOWN(account)}` };
}

const NAMES = "ends sessions of those that it names only";
const UNKNOWN = ({ representative }: UserClass): string =>
  `whether ${representative} and those alike are among them is unknown`;

/** Lines of templates/host/watchdog-people.hbs. */
const LIMIT = /\bstrictest (\d{1,9}) \d{1,9} \d+(?:$| ;;)/gmu;
const EVERYONE_ELSE = /^ +\[ "\$role" -ne 0 \] \|\| strictest /mu;
const EXEMPT = /^ +case "\$who," in (.*)\) return 0 ;; esac$/gmu;
/** `'uid='*[0-9]'(joe) gid='*`, as `peoplePatterns` writes it. */
const USER = /^'uid='\*\[0-9\]'\((.*)\) gid='\*$/u;

/** Whether the script exempts the accounts of a class; a group that it names may be theirs. */
function exemption(script: string, { users, size }: UserClass): "all" | "none" | "unknown" {
  const patterns = [...script.matchAll(EXEMPT)].flatMap(([, given = ""]) => given.split(" | "));
  if (patterns.length === 0) return "none";
  const names = patterns.map((pattern) => USER.exec(pattern)?.[1]);
  const exempt = users.filter((user) => names.includes(user));
  if (exempt.length === size) return "all";
  const whole = users.length === size && names.every((name) => name !== undefined);
  return whole && exempt.length === 0 ? "none" : "unknown";
}
