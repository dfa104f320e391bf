import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { readVariablesFile } from "../forms/ansible-yaml.ts";
import type { GroupEntry, HostEntry, InventoryData, Variables } from "../variables/data.ts";
import { InputError } from "../problem.ts";
import { readTextFile } from "../text-file.ts";

const LARGEST = 4 * 1024 * 1024;

/** In this order; the first that is there hides the others (DataLoader.find_vars_files). */
const ENDINGS = ["", ".yml", ".yaml", ".json"] as const;

/**
 * Reads `group_vars` and `host_vars` of a folder for the groups and hosts that exist, as Ansible does
 * (ansible.builtin.host_group_vars): the first of NAME, NAME.yml, NAME.yaml and NAME.json, each a file or a folder of
 * such files in byte order, folders in it too. A file that is encrypted as a whole is skipped with a
 * warning: it holds secrets, which curfew does not want.
 * A file that is not YAML is the trouble of its group or host: it shows up at resolution, as wrong values do.
 *
 * @param place The folder's among those that are read: later ones are stronger.
 */
export async function readGroupVars(data: InventoryData, directory: string, place: number): Promise<void> {
  for await (const { owner, paths } of variableFiles(data, directory)) {
    const into = owner.filed.get(place) ?? new Map();
    owner.filed.set(place, into);
    for (const path of paths) {
      await readFiled(data, path, owner, into).catch((error: unknown) => {
        if (!(error instanceof InputError)) throw error;
        owner.broken.push(...error.problems);
      });
    }
  }
}

type Owner = Pick<GroupEntry | HostEntry, "filed" | "broken">;

/** The groups and hosts for which the folder has files, and these, the weakest first. */
export async function* variableFiles(
  data: InventoryData,
  directory: string,
): AsyncGenerator<{ readonly owner: Owner; readonly paths: readonly string[] }> {
  for (const [folder, owners] of [
    ["group_vars", data.groups],
    ["host_vars", data.hosts],
  ] as const) {
    const place = join(directory, folder);
    const names = new Set(await readdir(place).catch(() => []));
    if (names.size === 0) continue;
    for (const [name, owner] of owners) {
      const paths = await variablesOf(place, name, names);
      if (paths.length > 0) yield { owner, paths };
    }
  }
}

/**
 * The files of one group or host, whose folder has these names in it. Its name may have a slash in it, which then leads to a folder.
 */
async function variablesOf(directory: string, name: string, names: ReadonlySet<string>): Promise<string[]> {
  const first = name.split("/", 1)[0] ?? name;
  if (first !== name && !names.has(first)) return [];
  for (const ending of ENDINGS) {
    if (first === name && !names.has(`${name}${ending}`)) continue;
    const path = join(directory, `${name}${ending}`);
    const kind = await kindOf(path);
    if (kind !== undefined) return kind === "folder" ? filesIn(path) : [path];
  }
  return [];
}

/** Without what is hidden or a backup; of folders those without an ending. */
async function filesIn(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => !name.startsWith(".") && !name.endsWith("~"));
  const found: string[] = [];
  for (const name of names.toSorted((left, right) => (left < right ? -1 : 1))) {
    const path = join(directory, name);
    const ending = extname(name);
    const kind = await kindOf(path);
    if (kind === "folder" && ending === "") found.push(...(await filesIn(path)));
    else if (kind === "file" && ENDINGS.some((known) => known === ending)) found.push(path);
  }
  return found;
}

/** Of what a link leads to. */
async function kindOf(path: string): Promise<"folder" | "file" | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  return found.isDirectory() ? "folder" : "file";
}

/** Errors: InputError where it is not YAML. */
export async function readFiled(
  data: InventoryData,
  path: string,
  { broken }: Pick<Owner, "broken">,
  into: Variables,
): Promise<void> {
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
  readVariablesFile({ ...data, errors: broken }, path, text, into);
}
