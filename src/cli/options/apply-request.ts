import { selectHosts } from "../../core/policy/host-pattern.ts";
import type { Fleet } from "../../flow/run/context.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Plan } from "../../model/change/plan.ts";
import type { HostOptions, PolicyOptions } from "./args.ts";
import { type Hosts, loadHosts, type PolicyInput, loadPolicyFor } from "./inputs.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** What is to be applied to which hosts. */
export interface ApplyRequest {
  readonly fleet: Fleet;
  readonly sources: Pick<Plan, "policy" | "inventory">;
  /** The same as it was read, for workers. */
  readonly chosen: Hosts;
  readonly loaded: PolicyInput;
  /** The saved plan; policy and inventory are proved to be those it was made from. */
  readonly plan?: Plan;
}

/**
 * Reads what `apply` was given: a saved plan, or policy and inventory.
 * Errors: CurfewError `usage`, `input`, and `stale-plan` naming what changed since the plan.
 */
export async function loadRequest(
  file: string | undefined,
  options: PolicyOptions,
  terminal: Terminal,
): Promise<ApplyRequest> {
  if (file !== undefined) return fromPlan(await readPlan(file), options, terminal);
  const hosts = await loadHosts(options, terminal);
  return requestOf(hosts, await loadPolicyFor(options.policy, hosts.inventory, options, terminal));
}

async function readPlan(file: string): Promise<Plan> {
  const { loadPlan } = await import("../../store/run/plan-file.ts");
  return loadPlan(file);
}

async function fromPlan(plan: Plan, options: PolicyOptions, terminal: Terminal): Promise<ApplyRequest> {
  const hosts = await loadHosts(sourceOptions(plan, options), terminal);
  const policyFile = options.policy ?? plan.policy.file;
  const loaded = await loadPolicyFor(policyFile, hosts.inventory, options, terminal);
  refuseStale(plan, hosts, loaded);
  const planned = new Set(plan.hosts.map(({ host }) => host));
  const wanted = selectHosts(hosts.inventory, options.limit);
  const names = new Set(wanted.map(({ name }) => name));
  const chosen = hosts.hosts.filter(({ name }) => planned.has(name) && names.has(name));
  if (chosen.length === 0) throw new CurfewError("usage", "-l: none of these hosts is in the plan");
  return { ...requestOf({ ...hosts, hosts: chosen }, loaded), plan };
}

/** The inventory as the plan names it, unless `-i` says where it is now; always with the plan's limit. */
function sourceOptions(plan: Plan, options: HostOptions): HostOptions {
  const { limit: _, ...rest } = options;
  const inventory = options.inventory ?? plan.inventory.sources;
  const { limit } = plan.inventory;
  return { ...rest, inventory, ...(limit === "" ? {} : { limit }) };
}

function refuseStale(plan: Plan, hosts: Hosts, loaded: PolicyInput): void {
  const changed = [
    ...(plan.policy.digest === loaded.source.digest ? [] : ["the policy"]),
    ...(plan.inventory.digest === hosts.source.digest ? [] : ["the inventory"]),
  ];
  if (changed.length === 0) return;
  const message = `${changed.join(" and ")} changed since this plan was made; no host was contacted`;
  throw new CurfewError("stale-plan", message, { hint: "make the plan again with curfew plan -o" });
}

function requestOf(chosen: Hosts, loaded: PolicyInput): ApplyRequest {
  const { hosts, source } = chosen;
  return {
    chosen,
    loaded,
    fleet: { policy: loaded.policy, hosts },
    sources: { policy: loaded.source, inventory: source },
  };
}
