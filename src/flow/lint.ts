/** `curfew lint`: everything that is wrong with policies and inventories, found without a host and without a program. */
import { isSeq, type Node } from "yaml";
import { loadInventory } from "../config/inventory/inventory.ts";
import { parsePolicy } from "../config/policy/policy.ts";
import { InputError } from "../config/problem.ts";
import { readTextFile } from "../config/text-file.ts";
import { parseYaml } from "../config/yaml-text.ts";
import { checkHostPatterns } from "../core/policy/host-limits.ts";
import { CurfewError } from "../model/terms/error.ts";
import type { Inventory, SourcePosition } from "../model/inventory/host.ts";
import type { LintFinding } from "../model/verdict/lint.ts";
import type { Policy } from "../model/policy/policy.ts";

export interface LintFiles {
  readonly policies: readonly string[];
  /** One inventory, of several sources; `undefined`: none was given. */
  readonly inventory: readonly string[] | undefined;
}

/** In the order of the files and of their lines. No source is run; `now` is for expiry dates. */
export async function lintFiles(
  { policies, inventory: sources }: LintFiles,
  environment: NodeJS.ProcessEnv,
  now: Date,
): Promise<LintFinding[]> {
  const found: LintFinding[] = [];
  const inventory = sources === undefined ? null : await lintInventory(sources, environment, found);
  for (const file of policies) await lintPolicy(file, inventory, now, found);
  return found;
}

async function lintInventory(
  sources: readonly string[],
  environment: NodeJS.ProcessEnv,
  found: LintFinding[],
): Promise<Inventory | null> {
  try {
    const inventory = await loadInventory(sources, { environment, filesOnly: true });
    found.push(...inventory.warnings.map(fromLine));
    return inventory;
  } catch (error) {
    found.push(...errorsOf(error));
    return null;
  }
}

async function lintPolicy(
  file: string,
  inventory: Inventory | null,
  now: Date,
  found: LintFinding[],
): Promise<void> {
  try {
    const text = await readTextFile(file, { maxBytes: 1024 * 1024, what: "policy" });
    const { policy, warnings } = parsePolicy(file, text, now);
    found.push(...warnings.map(fromLine));
    if (inventory !== null) found.push(...unmatched(file, text, policy, inventory));
  } catch (error) {
    found.push(...errorsOf(error));
  }
}

/** Patterns of `hosts:` that select nothing, each where it is written. */
function unmatched(file: string, text: string, policy: Policy, inventory: Inventory): LintFinding[] {
  const { document, positionOf } = parseYaml(file, text);
  const places = [
    ...Object.keys(policy.roles).map((name) => [`role "${name}"`, ["roles", name, "hosts"]] as const),
    ...policy.exemptions.map(({ name }, at) => [`exemption "${name}"`, ["exemptions", at, "hosts"]] as const),
    ...(Array.isArray(policy.profile) ? policy.profile : []).map(
      (entry, at) =>
        [
          `profile[${at}] ${typeof entry === "string" ? entry : entry.name}`,
          ["profile", at, "hosts"],
        ] as const,
    ),
  ];
  return checkHostPatterns(policy, inventory).map(({ owner, pattern, message }) => {
    const path = places.find(([name]) => name === owner)?.[1] ?? [];
    const list: unknown = document.getIn(path, true);
    const items: readonly unknown[] = isSeq(list) ? list.items : [];
    const item = items.find((each) => String((each as Node).toJSON()).replace(/^[!&]/u, "") === pattern);
    return { severity: "warning", position: positionOf(item ?? list), message };
  });
}

function errorsOf(error: unknown): LintFinding[] {
  if (error instanceof InputError) {
    return error.problems.map(({ position, message }) => ({ severity: "error", position, message }));
  }
  if (!(error instanceof CurfewError)) throw error;
  return error.message
    .split("\n")
    .map((line) => Object.assign(fromLine(line), { severity: "error" as const }));
}

/** Back from `file:line:column: message`. */
function fromLine(line: string): LintFinding {
  const match = /^(.*?)(?::(\d+))?(?::(\d+))?: (.*)$/su.exec(line);
  if (match === null) return { severity: "warning", position: { file: "" }, message: line };
  const [, file = "", at, column, message = ""] = match;
  const position: SourcePosition = {
    file,
    ...(at === undefined ? {} : { line: Number(at) }),
    ...(column === undefined ? {} : { column: Number(column) }),
  };
  return { severity: "warning", position, message };
}
