/** From a policy to one host: which roles and exemptions hold there, and with which limits. Pure. */
import type { Seconds } from "../../model/terms/duration.ts";
import type { Host, Inventory } from "../../model/inventory/host.ts";
import type { ActiveExemption, HostLimits, RoleLimits } from "../../model/policy/limits.ts";
import type { Exemption, Policy, Role } from "../../model/policy/policy.ts";
import { appliesTo, unmatchedTerms } from "./host-pattern.ts";

/**
 * The policy boiled down to one host: which roles apply there, each merged with the defaults so
 * that none is looser, strictest idle limit first; exemptions that hold today apart from those
 * past their last day. Pure.
 *
 * @param today `YYYY-MM-DD`, UTC. An exemption still holds on the day it expires.
 */
export function hostLimits(policy: Policy, host: Host, today: string): HostLimits {
  const defaults = defaultLimits(policy);
  const roles = Object.entries(policy.roles)
    .filter(([, role]) => appliesTo(role.hosts, host))
    .map(([name, role]) => roleLimits(name, role, defaults))
    .toSorted(byStrictness);
  const exemptions = policy.exemptions.filter((exemption) => appliesTo(exemption.hosts, host));
  return {
    policy: policy.name,
    tmux: policy.tmux,
    ...(policy.sshd_file === undefined ? {} : { sshdFile: policy.sshd_file }),
    ...(policy.baseline === undefined ? {} : { baseline: policy.baseline }),
    defaults,
    roles,
    exemptions: exemptions
      .filter(({ expires }) => expires >= today)
      .map((exemption) => active(exemption, policy)),
    expired: exemptions.filter(({ expires }) => expires < today),
  };
}

/** A `hosts:` pattern of the policy that selects nothing in an inventory. */
export interface UnmatchedPattern {
  /** `role "vendor"`, `exemption "nightly backup"`, `profile[1] cis`. */
  readonly owner: string;
  readonly pattern: string;
  /** The host or group that was probably meant. */
  readonly nearest: string | undefined;
  /** For people: lower case, no full stop. */
  readonly message: string;
}

/**
 * The `hosts:` patterns of roles and exemptions that match no host and no group. A role whose
 * pattern is misspelt applies nowhere and its people get the looser defaults, so the caller must
 * at least show these; they are no error in themselves, since one policy may serve several
 * inventories.
 */
export function checkHostPatterns(policy: Policy, inventory: Inventory): UnmatchedPattern[] {
  const owners = [
    ...Object.entries(policy.roles).map(([name, { hosts }]) => ({ owner: `role "${name}"`, hosts })),
    ...policy.exemptions.map(({ name, hosts }) => ({ owner: `exemption "${name}"`, hosts })),
    ...profileHosts(policy),
  ];
  return owners.flatMap(({ owner, hosts }) =>
    unmatchedTerms(hosts ?? [], inventory).map(({ term, nearest, message }) => ({
      owner,
      pattern: term,
      nearest,
      message: `${owner}: ${message}`,
    })),
  );
}

/** Of each entry of a list of profiles that is for some hosts only. */
function profileHosts({ profile }: Policy): { readonly owner: string; readonly hosts: readonly string[] }[] {
  if (!Array.isArray(profile)) return [];
  return profile.flatMap((entry, index) =>
    typeof entry === "string" ? [] : [{ owner: `profile[${index}] ${entry.name}`, hosts: entry.hosts }],
  );
}

/** The smaller of two limits, where null is no limit at all. */
export function strictest(left: Seconds | null, right: Seconds | null): Seconds | null {
  if (left === null || right === null) return left ?? right;
  return Math.min(left, right);
}

function defaultLimits(policy: Policy): RoleLimits {
  const { client_idle_timeout, unresponsive_timeout, warn_before } = policy.defaults;
  const idle = client_idle_timeout ?? null;
  return {
    role: "default",
    users: [],
    groups: [],
    idle,
    unresponsive: unresponsive_timeout ?? null,
    warnBefore: usableWarning(warn_before ?? null, idle),
  };
}

function roleLimits(name: string, role: Role, defaults: RoleLimits): RoleLimits {
  const idle = strictest(role.client_idle_timeout ?? null, defaults.idle);
  return {
    role: name,
    users: role.users,
    groups: role.groups,
    ...(role.database_roles === undefined ? {} : { databaseRoles: role.database_roles }),
    idle,
    unresponsive: strictest(role.unresponsive_timeout ?? null, defaults.unresponsive),
    warnBefore: usableWarning(role.warn_before ?? defaults.warnBefore, idle),
  };
}

/** A warning that would come before the idle time begins is none. */
function usableWarning(warnBefore: Seconds | null, idle: Seconds | null): Seconds | null {
  return warnBefore !== null && idle !== null && warnBefore < idle ? warnBefore : null;
}

function byStrictness(left: RoleLimits, right: RoleLimits): number {
  const difference = (left.idle ?? Number.MAX_SAFE_INTEGER) - (right.idle ?? Number.MAX_SAFE_INTEGER);
  if (difference !== 0) return difference;
  return left.role < right.role ? -1 : 1;
}

/** An exemption from a mechanism that the policy does not use excepts nobody from anything. */
function active(exemption: Exemption, { controls }: Policy): ActiveExemption {
  return { exemption, controls: exemption.controls === "all" ? controls : exemption.controls };
}
