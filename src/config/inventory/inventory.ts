/** The inventory in. Every accepted form is poured into one InventoryData, then resolved to hosts. */
import { userInfo } from "node:os";
import { resolve } from "node:path";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { LoadedInventory } from "../../model/inventory/host.ts";
import { emptyInventory } from "../variables/data.ts";
import type { FormContext } from "../forms/form.ts";
import { type ChooseHosts, everyHost, resolveHosts } from "./resolve-hosts.ts";
import { guarded, readSources } from "./sources.ts";

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
  await readSources(reading, sources, options.stdin);
  await readBeside(reading);
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

/**
 * What stands beside the inventories, and beside the playbooks where Ansible is told of them: its own option for where
 * there is no playbook to run, as here (PLAYBOOK_DIR).
 */
async function readBeside(reading: FormContext): Promise<void> {
  const { data, variableDirectories, environment, workingDirectory } = reading;
  if (reading.isAnsible !== true) return;
  const playbooks = environment["ANSIBLE_PLAYBOOK_DIR"];
  const beside = [...variableDirectories];
  const directories = playbooks ? [...beside, resolve(workingDirectory, playbooks)] : beside;
  const { readGroupVars } = await import("./group-vars.ts");
  for (const [place, directory] of directories.entries())
    await guarded(directory, () => readGroupVars(data, directory, place));
  const { warnOfConfiguration, warnOfUnread } = await import("./unread.ts");
  await warnOfConfiguration(data, environment["ANSIBLE_CONFIG"], workingDirectory);
  const working = resolve(workingDirectory);
  if (directories.every((directory) => resolve(working, directory) !== working))
    await warnOfUnread(data, working);
}
