/** The Match blocks of one host, in an order in which the first match is always the strictest. */
import type { HostLimits, RoleLimits } from "../../../model/policy/limits.ts";
import { exempts } from "../../../core/policy/present-people.ts";
import {
  exemptSettings,
  limitSettings,
  type SshdLine,
  type SshdAbility,
  type SshdKeyword,
} from "./settings.ts";

export interface MatchBlock {
  readonly comment: string;
  /** `User "a,b"`, `Group "c,domain d"` or `all`. */
  readonly criteria: string;
  readonly settings: readonly SshdLine[];
}

/**
 * Exempt people first, then roles, `Match all` for everybody else last. sshd takes the first match
 * keyword by keyword, so where the order by idle limit is not that of the unresponsive limit the
 * two become groups of blocks of their own. `Match all` rather than global lines: a value in Match
 * beats a global one wherever that stands (sshd_config(5) Match), so files read before ours
 * cannot outbid it.
 */
export function matchBlocks(ability: SshdAbility, limits: HostLimits): MatchBlock[] {
  const everybody = blocks("everybody else", ["all"], allSettings(ability, limits.defaults));
  const roles = roleGroups(ability, limits.roles).flatMap(({ part, roles: ordered }) =>
    ordered.flatMap((role) => roleBlocks(role, partSettings(ability, role, part), part)),
  );
  const limiting = [...roles, ...everybody];
  const used = new Set<SshdKeyword>(
    limiting.flatMap(({ settings }) => settings.map(({ keyword }) => keyword)),
  );
  const exempt = limits.exemptions
    .filter((active) => exempts(active, "sshd"))
    .flatMap(({ exemption }) =>
      blocks(
        `exempt until ${exemption.expires}: ${shorten(exemption.name)}`,
        criteriaOf(exemption),
        exemptSettings(used, ability),
      ),
    );
  return [...exempt, ...limiting];
}

type Part = "both" | "idle" | "unresponsive";

interface RoleGroup {
  readonly part: Part;
  readonly roles: readonly RoleLimits[];
}

function roleGroups(ability: SshdAbility, roles: readonly RoleLimits[]): RoleGroup[] {
  const byIdle = roles.toSorted((a, b) => order(a.idle, b.idle) || order(a.unresponsive, b.unresponsive));
  const agree = byIdle.every((role, index) => {
    const next = byIdle[index + 1];
    return next === undefined || order(role.unresponsive, next.unresponsive) <= 0;
  });
  if (agree || ability.idle === "client-silence") return [{ part: "both", roles: byIdle }];
  const byUnresponsive = roles.toSorted((a, b) => order(a.unresponsive, b.unresponsive));
  return [
    { part: "idle", roles: byIdle },
    { part: "unresponsive", roles: byUnresponsive },
  ];
}

/** Null, no limit, sorts last. */
function order(left: number | null, right: number | null): number {
  return (left ?? Number.MAX_SAFE_INTEGER) - (right ?? Number.MAX_SAFE_INTEGER);
}

function roleBlocks(role: RoleLimits, settings: readonly SshdLine[], part: Part): MatchBlock[] {
  const title = part === "both" ? `role ${role.role}` : `role ${role.role}, ${part} limit`;
  return blocks(title, criteriaOf(role), settings);
}

function partSettings(ability: SshdAbility, role: RoleLimits, part: Part): readonly SshdLine[] {
  return part === "both" ? allSettings(ability, role) : limitSettings(ability, role)[part];
}

function allSettings(ability: SshdAbility, role: RoleLimits): SshdLine[] {
  const { idle, unresponsive } = limitSettings(ability, role);
  return [...idle, ...unresponsive];
}

function blocks(comment: string, criteria: readonly string[], settings: readonly SshdLine[]): MatchBlock[] {
  return settings.length === 0 ? [] : criteria.map((each) => ({ comment, criteria: each, settings }));
}

/** One line for users and one for groups: two criteria on a line would have to match both. */
function criteriaOf(people: Pick<RoleLimits, "users" | "groups">): string[] {
  return [
    ...nameLists(people.users).map((names) => `User "${names}"`),
    ...nameLists(people.groups).map((names) => `Group "${names}"`),
  ];
}

// Releases before 7.9 read lines of at most 1,023 bytes.
const LONGEST_LIST = 900;

function nameLists(names: readonly string[]): string[] {
  const lists: string[] = [];
  for (const name of new Set(names)) {
    const longer = `${lists.at(-1) ?? ""},${name}`;
    if (lists.length > 0 && Buffer.byteLength(longer) <= LONGEST_LIST) lists[lists.length - 1] = longer;
    else lists.push(name);
  }
  return lists;
}

function shorten(text: string): string {
  const characters = [...text];
  return characters.length <= 80 ? text : `${characters.slice(0, 79).join("")}…`;
}
