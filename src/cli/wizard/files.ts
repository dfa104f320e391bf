/** The policy and the inventory of a session: text first, then read back, so that both are the same. */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { CONTROL_IDS } from "../../controls/registry.ts";
import { visible } from "../../core/text/visible.ts";
import type { Draft } from "../../core/wizard/draft.ts";
import type { Fleet } from "../../flow/run/context.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Host } from "../../model/inventory/host.ts";
import type { Plan } from "../../model/change/plan.ts";
import { writeNew } from "../../store/file/atomic-write.ts";
import { wizardInventory, wizardPolicy } from "../../report/wizard/files.ts";
import { WIZARD_FILES } from "./answer-rules.ts";
import type { WizardSession } from "./state.ts";

export interface DraftFiles {
  readonly policy: string;
  readonly inventory: string;
  /** What `curfew apply` would work on with these files. */
  readonly fleet: Fleet;
  readonly digest: string;
}

/** Renders both files and reads the policy as every command does. Errors: CurfewError `input`. */
export async function draftFiles(draft: Draft, { host, subject, run }: WizardSession): Promise<DraftFiles> {
  const [{ parsePolicy }, { takeBaselines }] = await Promise.all([
    import("../../config/policy/policy.ts"),
    import("../../core/policy/apply-baseline.ts"),
  ]);
  const text = wizardPolicy(draft, subject.host, subject.today, CONTROL_IDS);
  const { policy: written, baselines, digest } = parsePolicy("policy.yaml", text, run.context.now());
  const policy = takeBaselines(written, baselines, run.context.controls);
  const inventory = wizardInventory(host, subject.today);
  return { policy: text, inventory, fleet: { policy, hosts: [host] }, digest };
}

/** Where a plan of these files comes from, for the journal. */
export function sourcesIn(directory: string, { digest }: DraftFiles): Pick<Plan, "policy" | "inventory"> {
  const [policy, inventory] = WIZARD_FILES.map((name) => resolve(directory, name));
  return {
    policy: { file: policy ?? "", digest },
    inventory: { sources: [inventory ?? ""], digest: "", limit: "" },
  };
}

/** Writes both, never over anything; returns their paths. Errors: CurfewError `input`. */
export async function writeFiles(directory: string, { policy, inventory }: DraftFiles): Promise<string[]> {
  const paths = WIZARD_FILES.map((name) => join(directory, name));
  try {
    await mkdir(directory, { recursive: true });
    for (const [index, text] of [policy, inventory].entries()) {
      await writeNew(paths[index] ?? "", [text]);
    }
  } catch (error) {
    const reason = visible(error instanceof Error ? error.message : String(error));
    throw new CurfewError("input", `the files cannot be written: ${reason}`, {
      hint: "give another directory with --output",
      cause: error,
    });
  }
  return paths;
}

/** What the host is called on the command line and in files: `curfew-web1` for a directory. */
export function directoryFor({ name }: Host): string {
  return `curfew-${name.replaceAll(/[^\w.-]/gu, "_")}`;
}
