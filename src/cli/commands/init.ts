import { readFile, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { templateFile } from "../../template/template-file.ts";
import { visible, visibleJson } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { writeNew } from "../../store/file/atomic-write.ts";
import { makeDirectory } from "../../store/file/make-directory.ts";
import { addAnswerOptions, type AnswerOptions } from "../options/args.ts";
import type { Setting } from "../terminal/setting.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Each with its JSON Schema: the first line of either names it, for editors. */
const FILES = {
  "policy.yaml": "starter/policy.yaml",
  "inventory.yaml": "starter/inventory.yaml",
  "policy.schema.json": "policy.schema.json",
  "inventory.schema.json": "inventory.schema.json",
} as const;
const NAMES = Object.keys(FILES) as (keyof typeof FILES)[];

export function registerInit(program: Command, { terminal }: Setting): void {
  const command = program
    .command("init")
    .summary("write a starter policy and inventory")
    .description(
      "Writes policy.yaml and inventory.yaml, with comments, to edit, and their schemas. Never overwrites.",
    )
    .argument("[dir]", "where to", ".");
  addAnswerOptions(command)
    .addHelpText(
      "after",
      "\nExample:\n  curfew init fleet\n  cd fleet && $EDITOR policy.yaml inventory.yaml\n",
    )
    .action((directory: string, options: AnswerOptions) => init(directory, options, terminal));
}

async function init(directory: string, { json, quiet }: AnswerOptions, terminal: Terminal): Promise<void> {
  const targets = NAMES.map((name) => join(directory, name));
  const taken = targets.find((target) => existsSync(target));
  if (taken !== undefined) refuse(taken);
  await failAsInput(async () => {
    await makeDirectory(directory);
    const written: string[] = [];
    try {
      for (const name of NAMES) {
        const target = join(directory, name);
        await writeNew(target, [await readFile(templateFile(FILES[name]))]);
        written.push(target);
      }
    } catch (error) {
      for (const target of written) await rm(target, { force: true });
      throw error;
    }
  });
  const document = { schema: "curfew/init/1", summary: { files: targets.length }, files: targets };
  if (json === true) return terminal.out([`${visibleJson(JSON.stringify(document))}\n`]);
  const [policy, inventory] = targets.map(visible);
  if (quiet === true) return terminal.say(`wrote ${policy} and ${inventory}\n`);
  await terminal.say(
    `wrote ${policy} and ${inventory}

Next: edit both, then see what would change (nothing is changed):
  curfew plan -p ${policy} -i ${inventory}
`,
  );
}

function refuse(file: string): never {
  throw new CurfewError("usage", `${visible(file)} exists already; nothing was written`, {
    hint: "give another directory: curfew init DIR",
  });
}

async function failAsInput(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof CurfewError || !(error instanceof Error)) throw error;
    throw new CurfewError("input", visible(error.message), { cause: error });
  }
}
