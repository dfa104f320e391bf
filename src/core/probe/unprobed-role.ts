/** What is said of a role's people of whom none is probed. Pure. */
import type { ControlId } from "../../model/terms/control-id.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { Candidate } from "./planned-probe.ts";
import { exempts, isSpared, resolvedClasses } from "../policy/present-people.ts";
import type { ResolvedPerson } from "../policy/resolve-person.ts";
import { visible } from "../text/visible.ts";

/** The host as its facts have it, and what the policy wants there. */
export interface Hosted {
  readonly host: string;
  readonly facts: Facts;
  readonly limits: HostLimits;
  readonly controls: readonly ControlId[];
}

/**
 * Why no session of a role is opened. A pass only where no such session can exist, or everybody who could have
 * one is exempt; where members were found that nobody can be asked about, or a name service may have more
 * than it lists, nothing is known of theirs.
 *
 * @param everybody The role's members among the accounts that were looked at.
 * @param members Those of them for whom nothing is excepted; none can log in.
 */
export function unprobedRole(
  role: string,
  everybody: readonly Candidate[],
  members: readonly Candidate[],
  hosted: Hosted,
): Finding[] {
  const { host, limits } = hosted;
  if (members.length > 0) return [lockedOut(role, members, host)];
  const names = listed(hosted, (person) => person.role === role || person.matched.includes(role));
  if (names.length > 0) return [unasked(role, names, host)];
  const sources = unlistedSources(role, hosted);
  if (sources.length > 0) {
    const actual = `no account on ${host} is listed in role ${role}; ${sources.join(", ")} may have members that are not listed, and these were not asked for`;
    return [membersFinding(role, PROBED, actual, "unknown")];
  }
  // Who is in it is probed all the same, for the exemption's sake.
  if (everybody.length > 0) {
    return [membersFinding(role, SESSION, `everybody in role ${role} on ${host} is exempt`, "pass")];
  }
  if (role === limits.defaults.role) return [];
  // Known, not unknown: no such session can exist there, and one policy serves many hosts.
  return [membersFinding(role, SESSION, `no account on ${host} is in role ${role}`, "pass")];
}

/**
 * Somebody whom a stricter role limits may be probed in a role's place. That shows nothing about members for whom
 * the role itself decides, where there are some and none could be looked at.
 */
export function standInFindings(role: string, members: readonly Candidate[], hosted: Hosted): Finding[] {
  if (members.some(({ resolved }) => resolved.role === role)) return [];
  const names = listed(hosted, (person) => person.role === role);
  return names.length === 0 ? [] : [unasked(role, names, hosted.host)];
}

/** A comma would split the specification that sshd -T -C takes; keys are files of the account's name. */
export function isAskable(name: string): boolean {
  return /^[^,/\s-][^,/\s]*$/u.test(name);
}

/** A finding about who is in a role. */
export function membersFinding(
  role: string,
  expected: string,
  actual: string,
  outcome: Finding["outcome"],
): Finding {
  return {
    check: "role-members",
    control: "host",
    role,
    expected,
    actual,
    source: "getent passwd",
    evidence: "configured",
    outcome,
  };
}

const SESSION = "a session of this role";
const PROBED = "a session of this role is probed";

function lockedOut(role: string, members: readonly Candidate[], host: string): Finding {
  const obstacles = members.slice(0, 3).map(({ account }) => `${account.user}: ${account.obstacle}`);
  const actual = `no account of role ${role} can log in on ${host} (${obstacles.join("; ")})`;
  return membersFinding(role, PROBED, actual, "unknown");
}

/** Accounts that the facts have, of those for whom nothing is excepted. */
function listed(
  { facts, limits, controls }: Hosted,
  wanted: (person: ResolvedPerson) => boolean,
): readonly string[] {
  return (resolvedClasses(facts, limits) ?? [])
    .filter(({ person }) => wanted(person) && !isSpared(person, controls))
    .flatMap(({ account }) => account.users);
}

function unasked(role: string, names: readonly string[], host: string): Finding {
  const shown = names.slice(0, 3).map(visible).join("; ");
  const why = names.every(isAskable)
    ? "asked for its groups, the host says otherwise"
    : "no session is opened for a name with a blank, a comma or a slash";
  const actual = `members of role ${role} on ${host} could not be probed: ${shown} (${why})`;
  return membersFinding(role, PROBED, actual, "unknown");
}

/**
 * Name services that may have members whom they do not list: by a group that is there and not exempt itself.
 * Accounts are asked for by name, so what the role lists one by one is known. Everybody else has the defaults.
 */
function unlistedSources(role: string, { facts, limits, controls }: Hosted): readonly string[] {
  const { remoteAccounts = [] } = facts;
  const { defaults, roles, exemptions } = limits;
  if (role === defaults.role) {
    return defaults.idle === null && defaults.unresponsive === null ? [] : remoteAccounts;
  }
  const exempt = exemptions.filter((active) => controls.some((control) => exempts(active, control)));
  const known = new Set([
    ...facts.sshd.missingSelectors,
    ...exempt.flatMap(({ exemption }) => exemption.groups.map((group) => `group:${group}`)),
  ]);
  const groups = roles.find((each) => each.role === role)?.groups ?? [];
  const open = groups.filter((group) => !known.has(`group:${group}`));
  return open.length === 0 ? [] : remoteAccounts;
}
