/** Who gets which TMOUT, as branches of a shell `case` over what id(1) prints. */
import type { Seconds } from "../../../model/terms/duration.ts";
import type { HostLimits, RoleLimits } from "../../../model/policy/limits.ts";
import { CurfewError } from "../../../model/terms/error.ts";
import { exempts } from "../../../core/policy/present-people.ts";

interface Branch {
  readonly comment: string;
  /** Alternatives of the `case`, quoted. */
  readonly patterns: string;
  /** Null: exempt, nothing is set. */
  readonly idle: Seconds | null;
}

export interface Branches {
  /** Exempt people first, then the strictest role; empty where everybody is treated alike. */
  readonly branches: readonly Branch[];
  /** For everybody else; null sets nothing. */
  readonly otherwise: Seconds | null;
}

/** The branches of a policy; the first one that matches is the strictest. */
export function shellBranches(limits: HostLimits): Branches {
  const exempt = limits.exemptions
    .filter((active) => exempts(active, "shell-timeout"))
    .flatMap(({ exemption }) => branch(`exempt until ${exemption.expires}`, exemption, null));
  const roles = limits.roles
    .filter(({ idle }) => idle !== null)
    .toSorted((a, b) => (a.idle ?? 0) - (b.idle ?? 0))
    .flatMap((role) => branch(`role ${role.role}`, role, role.idle));
  const otherwise = limits.defaults.idle;
  // Nobody to tell apart: no need to ask who it is.
  const alike = roles.every(({ idle }) => idle === otherwise) && (exempt.length === 0 || otherwise === null);
  return { branches: alike ? [] : [...exempt, ...roles], otherwise };
}

function branch(
  comment: string,
  people: Pick<RoleLimits, "users" | "groups">,
  idle: Seconds | null,
): Branch[] {
  const patterns = peoplePatterns(people);
  return patterns === "" ? [] : [{ comment, patterns, idle }];
}

/**
 * The people as alternatives of a `case` over `"$(LC_ALL=C id),"`, quoted; empty where nobody is named.
 * Errors: CurfewError `input` for a name with a quote, which the schema refuses first.
 */
export function peoplePatterns({ users, groups }: Pick<RoleLimits, "users" | "groups">): string {
  return [...users.map(userPattern), ...groups.flatMap(groupPatterns)].join(" | ");
}

/** `uid=1000(joe) gid=…`: POSIX.1-2024 id(1), the same from GNU, busybox and BSD. */
function userPattern(name: string): string {
  return `${literal("uid=")}*[0-9]${literal(`(${name}) gid=`)}*`;
}

/** `…,27(sudo),1001(domain vendors)`, a comma appended; with SELinux GNU id adds ` context=…`. */
function groupPatterns(name: string): string[] {
  return [`*[0-9]${literal(`(${name}),`)}*`, `*[0-9]${literal(`(${name}) context=`)}*`];
}

/**
 * Single quotes, inside which nothing is special to any shell. The schema of names refuses quotes;
 * a name that has one all the same goes no further.
 */
function literal(text: string): string {
  if (text.includes("'")) throw new CurfewError("input", `the name in ${text} contains a quote`);
  return `'${text}'`;
}
