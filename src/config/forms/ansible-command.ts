import { resolve } from "node:path";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { inputError } from "../problem.ts";
import { readJsonText } from "./ansible-json.ts";
import type { InventoryForm, FormContext } from "./form.ts";
import { isYaml } from "./yaml-form.ts";

const COMMAND = "ansible-inventory";

/** A cloud's API may be slow, but nobody waits longer than this for a list of names. */
const LONGEST_SECONDS = 120;

/** An ansible.cfg: it names inventories of its own. */
export const ansibleForm: InventoryForm = {
  by: "curfew",
  detect: ({ file }) => isConfiguration(file),
  read: ({ file }, reading) => readThroughAnsible(reading, [file]),
};

export const ansibleTomlForm: InventoryForm = {
  by: "ansible",
  detect: ({ file }) => file.endsWith(".toml"),
  read: ({ file }, reading) => readThroughAnsible(reading, [file]),
};

function isConfiguration(file: string): boolean {
  return /(?:^|\/)ansible\.cfg$/u.test(file);
}

/** A plugin's configuration: YAML with `plugin:` at the start of a line. */
export const ansiblePluginForm: InventoryForm = {
  by: "ansible",
  detect: ({ file, first, text }) => (/\.ya?ml$/u.test(file) || isYaml(first)) && /^plugin\s*:/mu.test(text),
  read: ({ file }, reading) => readThroughAnsible(reading, [file]),
};

/** Sources of which one only ansible-inventory understands; also a script. Errors: CurfewError `input`. */
export async function readThroughAnsible(reading: FormContext, sources: readonly string[]): Promise<void> {
  for (const source of sources) refuseProgram(reading, source);
  reading.isAnsible = true;
  const text = await runAnsibleInventory(sources, reading.environment);
  const options = sources.map((source) => ` -i ${visible(source)}`).join("");
  await readJsonText(reading, `ansible-inventory${options}`, text);
}

/** Errors: CurfewError `input` where nothing may be run. */
export function refuseProgram({ filesOnly }: Pick<FormContext, "filesOnly">, source: string): void {
  if (!filesOnly) return;
  throw inputError([
    {
      position: { file: source },
      message: "only ansible-inventory can read this, and no program is started here",
    },
  ]);
}

/**
 * What `ansible-inventory --list` prints for sources that only Ansible understands: a script, a
 * plugin's configuration, an ansible.cfg. The environment is the user's, so that its collections
 * and credentials are found.
 * Errors: CurfewError `input` when it is not installed, fails, or takes over 120 s.
 */
async function runAnsibleInventory(
  sources: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const configuration = sources.find(isConfiguration);
  const paths = configuration === undefined ? sources : [];
  const args = [...paths.flatMap((source) => ["-i", resolve(source)]), "--list"];
  const { execa } = await import("execa");
  const result = await execa(COMMAND, args, {
    extendEnv: false,
    env: {
      ...environment,
      ANSIBLE_INVENTORY_UNPARSED_FAILED: "true",
      ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED: "true",
      ANSIBLE_NOCOLOR: "true",
      ...(configuration === undefined ? {} : { ANSIBLE_CONFIG: resolve(configuration) }),
    },
    stdin: "ignore",
    reject: false,
    timeout: LONGEST_SECONDS * 1000,
    maxBuffer: 256 * 1024 * 1024,
  });
  if (!result.failed) return result.stdout;
  throw commandError(sources, result);
}

function commandError(
  sources: readonly string[],
  result: { code?: string | undefined; timedOut: boolean; stderr: string; exitCode?: number | undefined },
): CurfewError {
  const file = sources.map(visible).join(", ");
  const options = sources.map((source) => `-i ${visible(source)}`).join(" ");
  if (result.code === "ENOENT") {
    return new CurfewError(
      "input",
      `${file}: only ansible-inventory can read this, and it is not installed`,
      {
        hint: `install ansible-core, or run "ansible-inventory ${options} --list > hosts.json" elsewhere and give hosts.json`,
      },
    );
  }
  if (result.timedOut) {
    return new CurfewError("input", `${file}: ansible-inventory did not finish within ${LONGEST_SECONDS} s`);
  }
  const lines = result.stderr
    .split("\n")
    .map((line) => visible(line.trim()))
    .filter((line) => line !== "");
  const said = lines.findLast((line) => /error/iu.test(line)) ?? lines.at(-1) ?? "it said nothing";
  return new CurfewError("input", `${file}: ansible-inventory failed: ${said.slice(0, 500)}`);
}
