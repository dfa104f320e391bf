/** The inventory in. Every accepted form is poured into one InventoryData, then resolved to hosts. */
import { access, constants, open, readdir, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { LoadedInventory } from "../../model/inventory/host.ts";
import { readThroughAnsible, refuseProgram } from "../forms/ansible-command.ts";
import { emptyInventory } from "../variables/data.ts";
import { type FormContext, STDIN } from "../forms/form.ts";
import { formOf } from "../forms/forms.ts";
import { readNamedHosts } from "../forms/host-list.ts";
import { inputError } from "../problem.ts";
import { type ChooseHosts, everyHost, resolveHosts } from "./resolve-hosts.ts";
import { readTextFile } from "../text-file.ts";

/** Where the inventory is read from, beside its files. */
export interface InventoryOptions {
  /** What a source `-` stands for, read already. */
  readonly stdin?: string;
  /** PATH and the rest for ansible-inventory. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What `~` is; the account's own if left out. */
  readonly home?: string;
  /** Where relative key paths start; the process's own directory if left out. */
  readonly workingDirectory?: string;
  /** True: what is neither a file nor a directory, and what only ansible-inventory can read, is refused. */
  readonly filesOnly?: boolean;
  /**
   * True: an ssh_config given as an inventory may run programs (`Match exec`, `ProxyCommand`). The account's own
   * `~/.ssh/config` always may.
   */
  readonly trustSshConfig?: boolean;
  /** Which hosts count: mistakes about others are let pass. Every host if left out. */
  readonly choose?: ChooseHosts;
}

const LARGEST = 64 * 1024 * 1024;

/**
 * Reads one or more inventories, the later adding to and overriding the earlier. A source is a
 * file of any accepted form, `-`, a directory of such files, an executable or other source for
 * ansible-inventory, or hosts: `root@web1`, or names with a comma (`web1,web2,`).
 * Errors: CurfewError `input` with every mistake found, `file:line:column: message`; `usage`
 * without a source; those of `choose`.
 */
export async function loadInventory(
  sources: readonly string[],
  options: InventoryOptions,
): Promise<LoadedInventory> {
  if (sources.length === 0)
    throw new CurfewError("usage", "no inventory was given", { hint: "give one with -i" });
  const reading = readingOf(options);
  const { data, home, workingDirectory: working } = reading;
  for (const source of sources) await guarded(source, () => readSource(reading, source, options.stdin));
  for (const directory of reading.variableDirectories) {
    const { readGroupVars } = await import("./group-vars.ts");
    await guarded(directory, () => readGroupVars(data, directory));
  }
  const inventory = resolveHosts(data, { home, working }, options.choose ?? everyHost);
  if (inventory.chosen.length > 0) return inventory;
  const names = sources.map(visible).join(", ");
  const what = inventory.hosts.length === 0 ? "names no host" : "has no host to log in to among those chosen";
  throw new CurfewError("input", [`${names}: the inventory ${what}`, ...inventory.warnings].join("\n"));
}

function readingOf(options: InventoryOptions): FormContext {
  const { environment, home, workingDirectory, filesOnly, trustSshConfig } = options;
  return {
    data: emptyInventory(),
    environment,
    home: home ?? ownHome(environment),
    workingDirectory: workingDirectory ?? process.cwd(),
    filesOnly: filesOnly === true,
    trustSshConfig: trustSshConfig === true,
    variableDirectories: new Set(),
  };
}

/** As ssh: that of the account, whatever HOME says (`sudo -E`, units, containers). An account without an entry has HOME. */
function ownHome(environment: InventoryOptions["environment"]): string | undefined {
  try {
    return userInfo().homedir;
  } catch {
    return environment["HOME"];
  }
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

async function readSource(reading: FormContext, source: string, stdin?: string): Promise<void> {
  if (source === "-") return readText(reading, STDIN, requireStdin(stdin));
  const found = await stat(source).catch(() => undefined);
  if (found === undefined && isHosts(source)) {
    return readNamedHosts(reading.data, source);
  }
  if (found?.isDirectory()) return readDirectory(reading, source);
  if (found?.isFile() && (await isProgram(source))) return readThroughAnsible(reading, source);
  if (found?.isFile() === false) refuseProgram(reading, source);
  await readText(reading, source, await readTextFile(source, { maxBytes: LARGEST, what: "inventory" }));
}

/** `web1,`, `root@web1`, `admin@[2001:db8::1]:22`; a path that is not there is a misspelt file. */
function isHosts(source: string): boolean {
  return source.includes(",") || /^[^/@\s]+@[^/@\s]+$/u.test(source);
}

function requireStdin(stdin: string | undefined): string {
  if (stdin?.trim()) return stdin;
  throw new CurfewError("input", "standard input: the inventory is empty");
}

/** What Ansible skips in an inventory directory (INVENTORY_IGNORE_EXTS and IGNORED_ALWAYS). */
const SKIPPED =
  /^\.|^(?:group_vars|host_vars|vars_plugins)$|(?:\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|ini\.orig|cfg|retry)|~)$/u;

async function readDirectory(reading: FormContext, directory: string): Promise<void> {
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

async function readText(reading: FormContext, file: string, text: string): Promise<void> {
  const { form, source } = formOf(file, text);
  reading.data.directory = file === STDIN ? undefined : dirname(resolve(reading.workingDirectory, file));
  await form.read(source, reading);
}
