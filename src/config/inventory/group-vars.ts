import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readVariablesFile } from "../forms/ansible-yaml.ts";
import type { GroupEntry, HostEntry, InventoryData } from "../variables/data.ts";
import { InputError } from "../problem.ts";
import { readTextFile } from "../text-file.ts";

const LARGEST = 4 * 1024 * 1024;

/**
 * Reads `group_vars` and `host_vars` beside an inventory, for the groups and hosts that exist:
 * NAME, NAME.yml, NAME.yaml, NAME.json, or a directory NAME with such files, in byte order
 * (ansible.builtin.host_group_vars). A file that is encrypted as a whole is skipped with a
 * warning: it holds secrets, which curfew does not want.
 * A file that is not YAML is the trouble of its group or host: it shows up at resolution, as wrong values do.
 */
export async function readGroupVars(data: InventoryData, directory: string): Promise<void> {
  await readAll(data, join(directory, "group_vars"), data.groups);
  await readAll(data, join(directory, "host_vars"), data.hosts);
}

async function readAll(
  data: InventoryData,
  directory: string,
  owners: ReadonlyMap<string, Owner>,
): Promise<void> {
  for (const entry of await list(directory)) {
    const name = entry.isDirectory() ? entry.name : entry.name.replace(/\.(?:ya?ml|json)$/u, "");
    const owner = owners.get(name);
    if (owner !== undefined) await readEntry(data, directory, entry, owner);
  }
}

type Owner = Pick<GroupEntry | HostEntry, "filed" | "broken">;

type Entry = Awaited<ReturnType<typeof list>>[number];

async function readEntry(data: InventoryData, directory: string, entry: Entry, owner: Owner): Promise<void> {
  const path = join(directory, entry.name);
  if (!entry.isDirectory()) {
    return readFile(data, path, owner).catch((error: unknown) => {
      if (!(error instanceof InputError)) throw error;
      owner.broken.push(...error.problems);
    });
  }
  for (const inner of await list(path)) {
    if (inner.isDirectory() || /(?:^[^.]+|\.(?:ya?ml|json))$/u.test(inner.name))
      await readEntry(data, path, inner, owner);
  }
}

async function readFile(data: InventoryData, path: string, { filed, broken }: Owner): Promise<void> {
  const text = await readTextFile(path, {
    maxBytes: LARGEST,
    what: "variables",
    mayBeEmpty: true,
    found: true,
  });
  if (text.startsWith("$ANSIBLE_VAULT;")) {
    const message = "encrypted with ansible-vault, so the variables in it are not read";
    data.warnings.push({ position: { file: path, line: 1, column: 1 }, message });
    return;
  }
  readVariablesFile({ ...data, errors: broken }, path, text, filed);
}

/** Visible entries in byte order; a directory that is not there has none. */
async function list(directory: string) {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries
    .filter(({ name }) => !name.startsWith(".") && !name.endsWith("~"))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
}
