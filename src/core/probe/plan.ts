/** Which sessions have to be opened on a host, as whom, and what must become of them. Pure. */
import type { Seconds } from "../../model/terms/duration.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { Finding } from "../../model/verdict/finding.ts";
import type { HostLimits } from "../../model/policy/limits.ts";
import type { ProbeAccount } from "./probe-facts.ts";
import { resolvePerson, type ResolvedPerson } from "../policy/resolve-person.ts";
import { isSpared } from "../policy/present-people.ts";
import { sessionsOf } from "./sessions.ts";
import type { Candidate, How, PlannedProbe, ProbeWishes } from "./planned-probe.ts";
import { isAskable, membersFinding, standInFindings, unprobedRole } from "./unprobed-role.ts";

export type { PlannedProbe, ProbeWishes } from "./planned-probe.ts";
export { scaleLimit } from "./planned-probe.ts";

export interface ProbePlan {
  readonly probes: readonly PlannedProbe[];
  /** Roles of which nobody can be probed here, and why. */
  readonly findings: readonly Finding[];
}

/** At most so many accounts of each class are looked at, to find one that can log in. */
const CANDIDATES = 6;

/** Every account that may be probed: some of each class, the login account, those that the policy names. */
export function candidateAccounts(facts: Facts, wishes: Pick<ProbeWishes, "login" | "given">): string[] {
  const { classes } = facts.sshd;
  const found = classes.state === "known" ? classes.value : [];
  const names = found.flatMap(({ representative, users }) =>
    [representative].concat(users.filter(isAskable).slice(0, CANDIDATES)),
  );
  const given = Object.values(wishes.given).map(({ user }) => user);
  return [...new Set([...names, ...(wishes.login === undefined ? [] : [wishes.login]), ...given])].filter(
    isAskable,
  );
}

/** What one second of the policy lasts in a scaled run; 1 where nothing is scaled. */
export function scaleFactor(limits: HostLimits, scaled: Seconds | undefined): number {
  if (scaled === undefined) return 1;
  const all = [limits.defaults, ...limits.roles].flatMap(({ idle, unresponsive }) => [
    idle ?? 0,
    unresponsive ?? 0,
  ]);
  const longest = Math.max(...all);
  return longest === 0 ? 1 : scaled / longest;
}

/**
 * The sessions to open: live ones as the login account and as the accounts that the policy gives, shadow
 * ones for every role (and for everybody else: `default`, and for every exemption), each as the first real
 * account of it that can log in. One of a host's idle shells is opened by the system's own `ssh`.
 * `facts` know of more accounts than were looked at.
 */
export function planProbes(
  host: string,
  accounts: readonly ProbeAccount[],
  limits: HostLimits,
  wishes: ProbeWishes,
  facts: Facts,
): ProbePlan {
  const hosted = { host, facts, limits, controls: wishes.controls };
  const people = accounts.map((account) => ({ account, resolved: resolvePerson(limits, account) }));
  const wanted = (role: string): boolean => wishes.roles === undefined || wishes.roles.includes(role);
  const factor = scaleFactor(limits, wishes.scaled);
  const probes: PlannedProbe[] = [];
  const findings: Finding[] = [];
  const covered = new Set<string>();
  const add = (person: Candidate, role: string, how: How): void => {
    probes.push(...sessionsOf(person, role, how, wishes, factor, { limits, facts }));
  };
  if (wishes.scaled === undefined) {
    for (const { person, role, how } of livePeople(people, wishes)) {
      if (!wanted(role)) continue;
      if (!belongs(person, role)) {
        findings.push(stranger(host, role, person.account.user));
        continue;
      }
      // Somebody exempt shows nothing about the others of the role.
      if (how.identityFile !== undefined && !isSpared(person.resolved, wishes.controls)) covered.add(role);
      if (limitsNothing(person.resolved)) findings.push(nothingAsked(host, role, person.account.user));
      else add(person, role, how);
    }
  }
  for (const role of [...limits.roles.map((each) => each.role), limits.defaults.role].filter(wanted)) {
    if (covered.has(role)) continue;
    const everybody = membersOf(role, people);
    const members = everybody.filter((person) => !isSpared(person.resolved, wishes.controls));
    const chosen = members.find(({ account }) => account.obstacle === "");
    if (chosen !== undefined) add(chosen, role, { via: "shadow" });
    findings.push(
      ...(chosen === undefined
        ? unprobedRole(role, everybody, members, hosted)
        : standInFindings(role, members, hosted)),
    );
  }
  for (const person of exemptPeople(people, wishes)) {
    if (wanted(person.resolved.role)) add(person, person.resolved.role, { via: "shadow" });
  }
  return { probes: withOwnClient(probes), findings };
}

/**
 * One idle shell of the host is opened by the `ssh` that people use, so that no verdict rests on a library
 * alone: a live one where there is one, for that is how they come in.
 */
function withOwnClient(probes: readonly PlannedProbe[]): PlannedProbe[] {
  const shells = probes.filter(({ session }) => session === "idle-shell");
  const chosen = shells.find(({ via }) => via === "live") ?? shells[0];
  return probes.map((probe) => (probe === chosen ? { ...probe, client: "ssh" } : probe));
}

function livePeople(
  people: readonly Candidate[],
  wishes: ProbeWishes,
): { person: Candidate; role: string; how: How }[] {
  const byName = (name: string | undefined): Candidate | undefined =>
    people.find(({ account }) => account.user === name);
  const login = byName(wishes.login);
  const given = Object.entries(wishes.given).flatMap(([role, { user, identityFile }]) => {
    const person = byName(user);
    return person === undefined ? [] : [{ person, role, how: { via: "live", identityFile } as const }];
  });
  const own =
    login === undefined ? [] : [{ person: login, role: login.resolved.role, how: { via: "live" } as const }];
  return [...own, ...given];
}

/** Other limits hold for somebody who is not in the role. Of who cannot log in, the probe says so. */
function belongs({ account, resolved }: Candidate, role: string): boolean {
  return resolved.role === role || resolved.matched.includes(role) || account.obstacle !== "";
}

/** Members for whom the role decides; failing that, members for whom a stricter one does. People before root. */
function membersOf(role: string, people: readonly Candidate[]): Candidate[] {
  const deciding = people.filter(({ resolved }) => resolved.role === role);
  const others = people.filter(({ resolved }) => resolved.role !== role && resolved.matched.includes(role));
  return [...byKind(deciding), ...byKind(others)];
}

function byKind(people: readonly Candidate[]): Candidate[] {
  return people.toSorted((left, right) => rank(left) - rank(right));
}

function rank({ account }: Candidate): number {
  if (account.uid === 0) return 2;
  return account.uid < 1000 ? 1 : 0;
}

/** One usable account for each combination of role and exemptions: each exemption is shown at least once. */
function exemptPeople(people: readonly Candidate[], wishes: ProbeWishes): Candidate[] {
  const chosen = new Map<string, Candidate>();
  for (const person of byKind(people)) {
    if (!isSpared(person.resolved, wishes.controls) || person.account.obstacle !== "") continue;
    const names = person.resolved.exemptions.map(({ exemption }) => exemption.name);
    const key = [person.resolved.role, ...names].join("\n");
    if (!chosen.has(key)) chosen.set(key, person);
  }
  return [...chosen.values()];
}

function limitsNothing({ idle, unresponsive }: ResolvedPerson): boolean {
  return idle === null && unresponsive === null;
}

function stranger(host: string, role: string, user: string): Finding {
  const actual = `${user}, given for live probes of role ${role}, is not in it on ${host}`;
  return membersFinding(role, "a session of this role is probed", actual, "unknown");
}

function nothingAsked(host: string, role: string, user: string): Finding {
  return membersFinding(
    role,
    "no limit",
    `${user}, who logs in on ${host}, has no limit: not probed`,
    "pass",
  );
}
