import { copyFile, constants, mkdir } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { visible } from "../../core/visible.ts";
import { CurfewError } from "../../model/error.ts";
import type { Setting } from "../setting.ts";
import type { Terminal } from "../terminal.ts";

/** Each with its JSON Schema: the first line of either names it, for editors. */
const FILES = {
  "policy.yaml": "starter/policy.yaml",
  "inventory.yaml": "starter/inventory.yaml",
  "policy.schema.json": "policy.schema.json",
  "inventory.schema.json": "inventory.schema.json",
} as const;
const NAMES = Object.keys(FILES) as (keyof typeof FILES)[];

export function registerInit(program: Command, { terminal }: Setting): void {
  program
    .command("init")
    .summary("write a starter policy and inventory")
    .description(
      "Writes policy.yaml and inventory.yaml, with comments, to edit, and their schemas. Never overwrites.",
    )
    .argument("[dir]", "where to", ".")
    .addHelpText(
      "after",
      "\nExample:\n  curfew init fleet\n  cd fleet && $EDITOR policy.yaml inventory.yaml\n",
    )
    .action((directory: string) => init(directory, terminal));
}

async function init(directory: string, terminal: Terminal): Promise<void> {
  const targets = NAMES.map((name) => join(directory, name));
  const taken = targets.find((target) => existsSync(target));
  if (taken !== undefined) refuse(taken);
  await failAsInput(async () => {
    await mkdir(directory, { recursive: true });
    for (const name of NAMES) {
      await copyFile(template(FILES[name]), join(directory, name), constants.COPYFILE_EXCL);
    }
  });
  const [policy, inventory] = targets.map(visible);
  await terminal.out([
    `wrote ${policy} and ${inventory}\n`,
    `\nNext: edit both, then see what would change (nothing is changed):\n`,
    `  curfew plan -p ${policy} -i ${inventory}\n`,
  ]);
}

function refuse(file: string): never {
  throw new CurfewError("usage", `${visible(file)} exists already; nothing was written`, {
    hint: "give another directory: curfew init DIR",
  });
}

/** From src/cli/commands in a checkout, from dist/src/cli/commands in the published package. */
function template(path: string): string {
  const places = ["../../../templates/", "../../../../templates/"];
  const files = places.map((place) => fileURLToPath(new URL(`${place}${path}`, import.meta.url)));
  const file = files.find((candidate) => existsSync(candidate));
  if (file === undefined) throw new CurfewError("internal", `there is no template ${path}`);
  return file;
}

async function failAsInput(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof CurfewError || !(error instanceof Error)) throw error;
    throw new CurfewError("input", visible(error.message), { cause: error });
  }
}
