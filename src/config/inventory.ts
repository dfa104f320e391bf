/**
 * The inventory in. Every accepted form is poured into one InventoryData, then resolved to hosts;
 * a form's reader is loaded when a file needs it.
 */
import { access, constants, open, readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { shown, visible } from "../core/nearest.ts";
import { CurfewError } from "../model/error.ts";
import type { LoadedInventory } from "../model/host.ts";
import { type InventoryData, emptyInventory } from "./inventory-data.ts";
import { inventoryForm } from "./inventory-form.ts";
import { inputError } from "./problem.ts";
import { resolveHosts } from "./resolve-hosts.ts";
import { readTextFile } from "./text-file.ts";

/** Where the inventory is read from, beside its files. */
export interface InventoryOptions {
  /** What a source `-` stands for, read already. */
  readonly stdin?: string;
  /** HOME for `~`, PATH and the rest for ansible-inventory. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where relative key paths start; the process's own directory if left out. */
  readonly workingDirectory?: string;
}

const LARGEST = 64 * 1024 * 1024;

/**
 * Reads one or more inventories, the later adding to and overriding the earlier. A source is a
 * file of any accepted form, `-`, a directory of such files, an executable or other source for
 * ansible-inventory, or host names with a comma (`web1,web2,`).
 * Errors: CurfewError `input` with every mistake found, `file:line:column: message`; `usage`
 * without a source.
 */
export async function loadInventory(
  sources: readonly string[],
  options: InventoryOptions,
): Promise<LoadedInventory> {
  if (sources.length === 0)
    throw new CurfewError("usage", "no inventory was given", { hint: "give one with -i" });
  const data = emptyInventory();
  for (const source of sources) await guarded(source, () => readSource(data, source, options));
  const working = options.workingDirectory ?? process.cwd();
  const inventory = resolveHosts(data, { home: options.environment["HOME"], working });
  if (inventory.hosts.length > 0) return inventory;
  const names = sources.map(visible).join(", ");
  throw new CurfewError("input", [`${names}: the inventory names no host`, ...inventory.warnings].join("\n"));
}

/** Hostile nesting ends in a RangeError of the runtime somewhere; that is the file's fault. */
async function guarded(source: string, read: () => Promise<void>): Promise<void> {
  try {
    await read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw inputError([{ position: { file: source }, message: "nested too deeply or too large" }]);
  }
}

async function readSource(data: InventoryData, source: string, options: InventoryOptions): Promise<void> {
  if (source === "-") return readText(data, "standard input", requireStdin(options.stdin), options);
  const found = await stat(source).catch(() => undefined);
  if (found === undefined && source.includes(",")) {
    const { readHostList } = await import("./host-list.ts");
    return readHostList(data, "-i", source.replaceAll(",", "\n"));
  }
  if (found?.isDirectory()) return readDirectory(data, source, options);
  if (found?.isFile() && (await isProgram(source))) return readFromAnsible(data, source, options);
  const text = await readTextFile(source, { maxBytes: LARGEST, what: "inventory" });
  await readText(data, source, text, options);
}

function requireStdin(stdin: string | undefined): string {
  if (stdin?.trim()) return stdin;
  throw new CurfewError("input", "standard input: the inventory is empty");
}

/** What Ansible skips in an inventory directory (INVENTORY_IGNORE_EXTS and IGNORED_ALWAYS). */
const SKIPPED =
  /^\.|^(?:group_vars|host_vars|vars_plugins)$|(?:\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|ini\.orig|cfg|retry)|~)$/u;

async function readDirectory(
  data: InventoryData,
  directory: string,
  options: InventoryOptions,
): Promise<void> {
  const names = (await readdir(directory)).filter((name) => !SKIPPED.test(name)).toSorted();
  if (names.length === 0) {
    throw inputError([{ position: { file: directory }, message: "there is no inventory in this directory" }]);
  }
  for (const name of names) await readSource(data, join(directory, name), options);
}

/** A script or binary that may be executed; a text file with a stray x bit is none. */
async function isProgram(path: string): Promise<boolean> {
  const handle = await open(path, "r").catch(() => undefined);
  if (handle === undefined) return false;
  const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0).finally(() => handle.close());
  if (!buffer.subarray(0, 2).equals(Buffer.from("#!")) && !buffer.equals(Buffer.from("\u007fELF")))
    return false;
  return access(path, constants.X_OK).then(
    () => true,
    () => {
      const message = "this is a program, but not an executable one";
      throw inputError([{ position: { file: path }, message }], `chmod +x ${visible(path)}`);
    },
  );
}

async function readFromAnsible(
  data: InventoryData,
  source: string,
  options: InventoryOptions,
): Promise<void> {
  const { runAnsibleInventory } = await import("./ansible-command.ts");
  const text = await runAnsibleInventory(source, options.environment);
  await readJson(data, `ansible-inventory -i ${visible(source)}`, text);
}

async function readText(
  data: InventoryData,
  file: string,
  text: string,
  options: InventoryOptions,
): Promise<void> {
  const form = inventoryForm(file, text);
  if (form === "vault") {
    const message = "the inventory is encrypted with ansible-vault, which curfew does not read";
    throw inputError(
      [{ position: { file, line: 1, column: 1 }, message }],
      "ansible-vault view it into a pipe and give -i -",
    );
  }
  if (form === "ansible") return readFromAnsible(data, file, options);
  if (form === "json") return readJson(data, file, text);
  if (form === "ssh-config") return readSshConfigText(data, file, text, options);
  if (form === "list") return (await import("./host-list.ts")).readHostList(data, file, text);
  if (form === "ini") (await import("./ansible-ini.ts")).readAnsibleIni(data, file, text);
  else (await import("./ansible-yaml.ts")).readAnsibleYaml(data, file, text);
  if (file === "standard input") return;
  await (await import("./group-vars.ts")).readGroupVars(data, dirname(file));
}

async function readJson(data: InventoryData, file: string, text: string): Promise<void> {
  const { isListDocument, parseJson, readAnsibleJson } = await import("./ansible-json.ts");
  const document = parseJson(file, text);
  if (isListDocument(document)) return readAnsibleJson(data, file, text, document);
  (await import("./ansible-yaml.ts")).readAnsibleYaml(data, file, text);
}

async function readSshConfigText(
  data: InventoryData,
  file: string,
  text: string,
  options: InventoryOptions,
): Promise<void> {
  if (file === "standard input") {
    throw new CurfewError(
      "input",
      `${shown("-")}: an ssh_config is read by ssh itself, so it has to be a file`,
    );
  }
  const { readSshConfig } = await import("./ssh-config.ts");
  const home = options.environment["HOME"];
  const path = resolve(options.workingDirectory ?? process.cwd(), file);
  const configFile = home !== undefined && path === join(home, ".ssh", "config") ? undefined : path;
  await readSshConfig(data, { file, text, configFile }, home);
}
