import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { selectHosts } from "../../core/policy/host-pattern.ts";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Host, Inventory } from "../../model/inventory/host.ts";
import type { Plan } from "../../model/change/plan.ts";
import type { Policy } from "../../model/policy/policy.ts";
import type { HostOptions } from "./args.ts";
import { defaultSources } from "./default-sources.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** The hosts that a command works on, and where they came from. */
export interface Hosts {
  readonly inventory: Inventory;
  readonly hosts: readonly Host[];
  readonly source: Plan["inventory"];
}

/** The policy that a command follows, and where it came from. */
export interface PolicyInput {
  readonly policy: Policy;
  readonly source: Plan["policy"];
  /** As it stands in the file, for other machines that read it for themselves. */
  readonly written: unknown;
}

/** Which hosts of the inventory a command works on; those of `-l` if it does not say. */
type Choose = (inventory: Inventory) => readonly Host[];

export type SourceOptions = Pick<
  HostOptions,
  "inventory" | "limit" | "becomePassFile" | "quiet" | "sshConfig" | "trustSshConfig"
>;

/**
 * Reads every inventory source and chooses the hosts. What was ignored is said on standard error.
 * Errors: CurfewError `input` for a mistake in a file, `usage` for a limit that selects nothing.
 */
export async function loadHosts(
  options: SourceOptions,
  terminal: Terminal,
  choose: Choose = (inventory) => selectHosts(inventory, options.limit),
): Promise<Hosts> {
  const sources = options.inventory ?? (await defaultSources("inventory", options, terminal));
  if (sources.includes("-") && options.becomePassFile === "-") {
    throw new CurfewError("usage", "the inventory and the sudo password cannot both be standard input");
  }
  const { loadInventory } = await import("../../config/inventory/inventory.ts");
  const stdin = sources.includes("-") ? await terminal.input() : undefined;
  const inventory = await loadInventory(sources, {
    environment: terminal.environment,
    choose,
    // With --ssh-config ssh reads that file in place of the inventory.
    trustSshConfig: options.trustSshConfig === true || options.sshConfig !== undefined,
    ...(stdin === undefined ? {} : { stdin }),
  });
  warnAll(inventory.warnings, options, terminal);
  const source = {
    sources: sources.map(absolute),
    digest: inventory.digest,
    limit: options.limit ?? "",
  };
  return { inventory, hosts: inventory.chosen, source };
}

/**
 * Reads the policy and takes its baseline into it. Warnings, also about patterns that match nothing in `inventory`, go to
 * standard error; nothing can be said of them where `inventory` is null. Errors: CurfewError `input`.
 */
export async function loadPolicyFor(
  given: string | undefined,
  inventory: Inventory | null,
  options: SourceOptions,
  terminal: Terminal,
): Promise<PolicyInput> {
  const [file = ""] = given === undefined ? await defaultSources("policy", options, terminal) : [given];
  const [{ loadPolicy }, { checkHostPatterns }, { takeBaselines }, { loadControls }] = await Promise.all([
    import("../../config/policy/policy.ts"),
    import("../../core/policy/host-limits.ts"),
    import("../../core/policy/apply-baseline.ts"),
    import("../../controls/registry.ts"),
  ]);
  const { policy: own, written, baselines, digest, warnings } = await loadPolicy(file);
  const controls = baselines.length === 0 ? [] : await loadControls();
  const policy = takeBaselines(own, baselines, controls);
  const patterns = inventory === null ? [] : checkHostPatterns(policy, inventory);
  const unmatched = patterns.map(({ message }) => `${visible(file)}: ${message}`);
  warnAll([...warnings, ...unmatched], options, terminal);
  return { policy, source: { file: resolve(file), digest }, written };
}

function warnAll(warnings: readonly string[], { quiet }: SourceOptions, { err, errPaint }: Terminal): void {
  if (quiet === true) return;
  for (const warning of warnings) err(`${errPaint.yellow("warning:")} ${visible(warning)}\n`);
}

/** A saved plan is applied from anywhere; what is no file (`web1,web2`, `-`) stays as it is. */
function absolute(source: string): string {
  return existsSync(source) ? resolve(source) : source;
}
