/** What Ansible would take connections from and curfew does not: said where it would count, since the hosts are not the same then. */
import { readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { HONOURED } from "../variables/connection-variables.ts";
import type { InventoryData, Variables } from "../variables/data.ts";
import { InputError } from "../problem.ts";
import { readFiled, variableFiles } from "./group-vars.ts";

/** Of an ansible.cfg, by section. */
const CONFIGURED: Readonly<Record<string, string>> = {
  remote_user: "ansible_user",
  remote_port: "ansible_port",
  private_key_file: "ansible_private_key_file",
};

/**
 * An ansible.cfg that says how to log in. It is Ansible's own, not the inventory's.
 *
 * @param named ANSIBLE_CONFIG.
 */
export async function warnOfConfiguration(
  data: InventoryData,
  named: string | undefined,
  working: string,
): Promise<void> {
  const file = named ? resolve(working, named) : join(working, "ansible.cfg");
  const text = await readFile(file, "utf8").catch(() => "");
  let section = "";
  for (const [index, line] of text.split("\n").entries()) {
    section = /^\[(.*?)\]/u.exec(line)?.[1] ?? section;
    const name = /^(\w+)\s*[=:]\s*\S/u.exec(line)?.[1] ?? "";
    const instead = section === "defaults" && Object.hasOwn(CONFIGURED, name) ? CONFIGURED[name] : undefined;
    if (instead === undefined) continue;
    const position = { file: named ?? "ansible.cfg", line: index + 1, column: 1 };
    data.warnings.push({ position, message: `${name} is not read: set ${instead} in the inventory` });
  }
}

/** What `ansible-playbook` would read for playbooks in this folder, and curfew does not, is told where it would count. */
export async function warnOfUnread(data: InventoryData, directory: string): Promise<void> {
  for await (const { paths } of variableFiles(data, directory)) {
    const path = await firstOf(paths, (each) => saysHowToConnect(data, each));
    if (path === undefined) continue;
    const message = `not read: Ansible reads it only for playbooks in this folder; with ANSIBLE_PLAYBOOK_DIR=. in the environment both read it`;
    data.warnings.push({ position: { file: relative(directory, path) }, message });
  }
}

async function firstOf(
  paths: readonly string[],
  holds: (path: string) => Promise<boolean>,
): Promise<string | undefined> {
  for (const path of paths) if (await holds(path)) return path;
  return undefined;
}

async function saysHowToConnect(data: InventoryData, path: string): Promise<boolean> {
  const into: Variables = new Map();
  await readFiled({ ...data, warnings: [] }, path, { broken: [] }, into).catch((error: unknown) => {
    if (!(error instanceof InputError)) throw error;
  });
  return Object.values(HONOURED).some((names) => names.some((name) => into.has(name)));
}
