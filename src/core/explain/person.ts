/** Which limits hold for one person, and where each of them comes from. */
import type { Seconds } from "../../model/terms/duration.ts";
import type {
  ExplainedExemption,
  ExplainedLimit,
  ExplainedRole,
  Explanation,
} from "../../model/verdict/explanation.ts";
import type { Host } from "../../model/inventory/host.ts";
import type { HostLimits, RoleLimits } from "../../model/policy/limits.ts";
import type { ControlId } from "../../model/terms/control-id.ts";
import type { Exemption, Policy } from "../../model/policy/policy.ts";
import { appliesTo } from "../policy/host-pattern.ts";
import { hostLimits } from "../policy/host-limits.ts";
import { type Person, resolvePerson } from "../policy/resolve-person.ts";

/**
 * What the policy says about a person on a host, or on any host where `host` is null. Without a
 * host, roles that hold on some hosts only are shown but count for nothing. Pure.
 *
 * @param today `YYYY-MM-DD`, UTC.
 * @param ids every mechanism there is: what `all` stands for.
 */
export function explainPerson(
  policy: Policy,
  person: Person,
  host: Host | null,
  today: string,
  ids: readonly ControlId[],
): Explanation {
  const limits = hostLimits(policy, host ?? NOWHERE, today);
  const everywhere = allRoles(policy, today);
  const roles = everywhere.map((role) => explainRole(role, person, policy.roles[role.role]?.hosts, host));
  const counting = roles.filter(({ because, applies }) => because.length > 0 && applies === "yes");
  const defaults: ExplainedRole = {
    ...pick(limits.defaults),
    because: counting.length === 0 ? ["no role selects them"] : [],
    applies: counting.length === 0 ? "yes" : "no",
  };
  return {
    host: host?.name ?? null,
    user: person.user,
    groups: person.groups,
    roles: [...roles, defaults],
    limits: explainLimits(policy, countable(limits, counting), person),
    exemptions: policy.exemptions.flatMap((exemption) =>
      explainExemption(exemption, person, host, today, ids),
    ),
  };
}

/** No name and no group: only what holds everywhere applies to it. */
const NOWHERE: Host = { name: "", address: "", groups: [], source: { file: "" } };

/** Every role merged with the defaults, strictest idle limit first, wherever it holds. */
function allRoles(policy: Policy, today: string): readonly RoleLimits[] {
  const roles = Object.entries(policy.roles).map(([name, role]) => [name, { ...role, hosts: undefined }]);
  return hostLimits({ ...policy, roles: Object.fromEntries(roles) }, NOWHERE, today).roles;
}

function explainRole(
  role: RoleLimits,
  person: Person,
  hosts: readonly string[] | undefined,
  host: Host | null,
): ExplainedRole {
  const applies =
    host === null ? (hosts === undefined ? "yes" : "depends") : appliesTo(hosts, host) ? "yes" : "no";
  return {
    ...pick(role),
    because: reasons(role, person),
    ...(hosts === undefined ? {} : { hosts }),
    applies,
  };
}

function pick({
  role,
  idle,
  unresponsive,
  warnBefore,
}: RoleLimits): Omit<ExplainedRole, "because" | "applies"> {
  return { role, idle, unresponsive, warnBefore };
}

function reasons({ users, groups }: Pick<RoleLimits, "users" | "groups">, person: Person): string[] {
  return [
    ...users.filter((name) => name === person.user).map((name) => `user ${name}`),
    ...groups.filter((name) => person.groups.includes(name)).map((name) => `group ${name}`),
  ];
}

function countable(limits: HostLimits, counting: readonly ExplainedRole[]): HostLimits {
  const names = new Set(counting.map(({ role }) => role));
  return { ...limits, roles: limits.roles.filter(({ role }) => names.has(role)) };
}

const FIELDS = {
  idle: "client_idle_timeout",
  unresponsive: "unresponsive_timeout",
  warnBefore: "warn_before",
} as const;

/** The strictest wins, field by field: of the role that says so, else of the defaults. */
function explainLimits(policy: Policy, limits: HostLimits, person: Person): Explanation["limits"] {
  const resolved = resolvePerson(limits, person);
  const from = (field: keyof typeof FIELDS): ExplainedLimit => {
    const seconds: Seconds | null = resolved[field];
    if (seconds === null) return { seconds, from: null };
    const source = limits.roles.find(({ role }) => policy.roles[role]?.[FIELDS[field]] === seconds);
    return { seconds, from: source?.role ?? limits.defaults.role };
  };
  return { idle: from("idle"), unresponsive: from("unresponsive"), warnBefore: from("warnBefore") };
}

function explainExemption(
  exemption: Exemption,
  person: Person,
  host: Host | null,
  today: string,
  ids: readonly ControlId[],
): ExplainedExemption[] {
  const because = reasons(exemption, person);
  if (because.length === 0) return [];
  const { name, hosts, controls, justification, owner, expires } = exemption;
  return [
    {
      name,
      because,
      ...(hosts === undefined ? {} : { hosts }),
      state: stateOf(exemption, host, today),
      controls: controls === "all" ? ids : controls,
      justification,
      owner,
      expires,
    },
  ];
}

function stateOf(
  { hosts, expires }: Exemption,
  host: Host | null,
  today: string,
): ExplainedExemption["state"] {
  if (expires < today) return "expired";
  if (host === null) return hosts === undefined ? "active" : "depends";
  return appliesTo(hosts, host) ? "active" : "elsewhere";
}
