/**
 * The inventory in. Every accepted form is poured into one InventoryData, then resolved to hosts;
 * a form's reader is loaded when a file needs it.
 */
import { access, constants, open, readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/error.ts";
import type { LoadedInventory } from "../../model/host.ts";
import { type InventoryData, emptyInventory } from "./data.ts";
import { inventoryForm } from "./form.ts";
import { inputError } from "../problem.ts";
import { resolveHosts } from "./resolve-hosts.ts";
import { readTextFile } from "../text-file.ts";

/** Where the inventory is read from, beside its files. */
export interface InventoryOptions {
  /** What a source `-` stands for, read already. */
  readonly stdin?: string;
  /** HOME for `~`, PATH and the rest for ansible-inventory. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where relative key paths start; the process's own directory if left out. */
  readonly workingDirectory?: string;
  /** True: what is neither a file nor a directory, and what only ansible-inventory can read, is refused. */
  readonly filesOnly?: boolean;
}

/** What `-` is called in messages. */
const STDIN = "standard input";

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
  const reading: Reading = { data, options, variableDirectories: new Set() };
  for (const source of sources) await guarded(source, () => readSource(reading, source));
  for (const directory of reading.variableDirectories) {
    const { readGroupVars } = await import("./group-vars.ts");
    await guarded(directory, () => readGroupVars(data, directory));
  }
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

interface Reading {
  readonly data: InventoryData;
  readonly options: InventoryOptions;
  /** Where group_vars and host_vars are looked for once all groups and hosts are known. */
  readonly variableDirectories: Set<string>;
}

async function readSource(reading: Reading, source: string): Promise<void> {
  if (source === "-") return readText(reading, STDIN, requireStdin(reading.options.stdin));
  const found = await stat(source).catch(() => undefined);
  if (found === undefined && source.includes(",")) {
    const { readHostList } = await import("./host-list.ts");
    return readHostList(reading.data, "-i", source.replaceAll(",", "\n"));
  }
  if (found?.isDirectory()) return readDirectory(reading, source);
  if (found?.isFile() && (await isProgram(source))) return readFromAnsible(reading, source);
  if (found?.isFile() === false) refuseProgram(reading.options, source);
  await readText(reading, source, await readTextFile(source, { maxBytes: LARGEST, what: "inventory" }));
}

function requireStdin(stdin: string | undefined): string {
  if (stdin?.trim()) return stdin;
  throw new CurfewError("input", "standard input: the inventory is empty");
}

/** What Ansible skips in an inventory directory (INVENTORY_IGNORE_EXTS and IGNORED_ALWAYS). */
const SKIPPED =
  /^\.|^(?:group_vars|host_vars|vars_plugins)$|(?:\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|ini\.orig|cfg|retry)|~)$/u;

async function readDirectory(reading: Reading, directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => !SKIPPED.test(name)).toSorted();
  if (names.length === 0) {
    throw inputError([{ position: { file: directory }, message: "there is no inventory in this directory" }]);
  }
  for (const name of names) await readSource(reading, join(directory, name));
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

async function readFromAnsible({ data, options }: Reading, source: string): Promise<void> {
  refuseProgram(options, source);
  const { runAnsibleInventory } = await import("./ansible-command.ts");
  const text = await runAnsibleInventory(source, options.environment);
  await readJson(data, `ansible-inventory -i ${visible(source)}`, text);
}

async function readText(reading: Reading, file: string, text: string): Promise<void> {
  const { data } = reading;
  const form = inventoryForm(file, text);
  if (form === "vault") {
    const message = "the inventory is encrypted with ansible-vault, which curfew does not read";
    throw inputError(
      [{ position: { file, line: 1, column: 1 }, message }],
      "decrypt it into a pipe and give -i -",
    );
  }
  if (form === "ansible") return readFromAnsible(reading, file);
  if (form === "json") return readJson(data, file, text);
  if (form === "ssh-config") return readSshConfigText(reading, file, text);
  if (form === "list") return (await import("./host-list.ts")).readHostList(data, file, text);
  if (file !== STDIN) reading.variableDirectories.add(dirname(file));
  if (form === "ini") return (await import("./ansible-ini.ts")).readAnsibleIni(data, file, text);
  (await import("./ansible-yaml.ts")).readAnsibleYaml(data, file, text);
}

function refuseProgram({ filesOnly }: InventoryOptions, source: string): void {
  if (filesOnly !== true) return;
  throw inputError([{ position: { file: source }, message: "only a program can read this" }]);
}

async function readJson(data: InventoryData, file: string, text: string): Promise<void> {
  const { isListDocument, parseJson, readAnsibleJson } = await import("./ansible-json.ts");
  const document = parseJson(file, text);
  if (isListDocument(document)) return readAnsibleJson(data, file, text, document);
  (await import("./ansible-yaml.ts")).readAnsibleYaml(data, file, text);
}

/** In the user's own configuration ssh finds the hosts by itself; any other file is handed to it. */
async function readSshConfigText({ data, options }: Reading, file: string, text: string): Promise<void> {
  if (file === STDIN) {
    throw new CurfewError("input", "standard input: ssh itself reads an ssh_config, so it has to be a file");
  }
  const { readSshConfig } = await import("./ssh-config.ts");
  const home = options.environment["HOME"];
  const path = resolve(options.workingDirectory ?? process.cwd(), file);
  const configFile = home !== undefined && path === join(home, ".ssh", "config") ? undefined : path;
  await readSshConfig(data, { file, text, configFile }, home);
}
