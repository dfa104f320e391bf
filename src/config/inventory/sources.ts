/** What `-i` names: files of any form, folders of them, programs, hosts. Each is looked at first, and read then. */
import { access, constants, open, readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { readThroughAnsible, refuseProgram } from "../forms/ansible-command.ts";
import { type FormContext, type InventoryForm, STDIN } from "../forms/form.ts";
import { formOf } from "../forms/forms.ts";
import { readNamedHosts } from "../forms/host-list.ts";
import { inputError } from "../problem.ts";
import { readTextFile } from "../text-file.ts";

const LARGEST = 64 * 1024 * 1024;

/**
 * Pours every source into the data, the later adding to and overriding the earlier. Where only ansible-inventory can
 * read one of them, it reads all that it can in one run: a plugin makes groups of what the others say
 * (ansible.builtin.constructed), and a group's variables stay weaker than a host's.
 */
export async function readSources(
  reading: FormContext,
  sources: readonly string[],
  stdin: string | undefined,
): Promise<void> {
  const given: Given[] = [];
  for (const source of sources)
    await guarded(source, async () => void given.push(await lookAt(reading, source, stdin)));
  const isOne = given.some(({ parts }) => parts.some(({ by }) => by === "ansible"));
  const together = isOne ? given.filter(({ parts }) => parts.every(({ by }) => by !== "curfew")) : [];
  for (const one of given) {
    await guarded(one.source, async () => {
      if (one === together[0])
        await readThroughAnsible(
          reading,
          together.map(({ source }) => source),
        );
      else if (!together.includes(one)) await readParts(reading, one);
    });
  }
}

/** Hostile nesting ends in a RangeError of the runtime somewhere; that is the file's fault. */
export async function guarded(source: string, read: () => Promise<void>): Promise<void> {
  try {
    await read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw inputError([{ position: { file: source }, message: "nested too deeply or too large" }]);
  }
}

/** One source, and the files that it is. */
interface Given {
  readonly source: string;
  /** Where group_vars and host_vars are: beside a file, in a folder. Undefined where it is neither. */
  readonly beside: string | undefined;
  readonly parts: readonly Part[];
}

interface Part {
  readonly path: string;
  readonly by: InventoryForm["by"];
  readonly read: () => Promise<void> | void;
}

async function readParts(reading: FormContext, { beside, parts }: Given): Promise<void> {
  reading.sourceDirectory = beside;
  for (const { path, read } of parts) {
    reading.data.directory =
      beside === undefined ? undefined : dirname(resolve(reading.workingDirectory, path));
    await read();
  }
}

async function lookAt(reading: FormContext, source: string, stdin: string | undefined): Promise<Given> {
  const given = (part: Part): Given => ({ source, beside: undefined, parts: [part] });
  if (source === "-") return given(textPart(reading, STDIN, requireStdin(stdin)));
  const found = await stat(source).catch(() => undefined);
  if (found === undefined && isHosts(source))
    return given({ path: source, by: "curfew", read: () => readNamedHosts(reading.data, source) });
  const isFolder = found?.isDirectory() === true;
  return { source, beside: isFolder ? join(source) : dirname(source), parts: await partsOf(reading, source) };
}

async function partsOf(reading: FormContext, path: string): Promise<Part[]> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return folderParts(reading, path);
  if (found?.isFile() && (await isProgram(path))) {
    refuseProgram(reading, path);
    return [{ path, by: "ansible", read: () => readThroughAnsible(reading, [path]) }];
  }
  if (found?.isFile() === false) refuseProgram(reading, path);
  const text = await readTextFile(path, { maxBytes: LARGEST, what: "inventory" });
  const part = textPart(reading, path, text);
  // A pipe is empty now.
  return [found?.isFile() === true ? part : { ...part, by: "curfew" }];
}

/** `web1,`, `root@web1`, `admin@[2001:db8::1]:22`, `localhost`; another path that is not there is a misspelt file. */
function isHosts(source: string): boolean {
  return source === "localhost" || source.includes(",") || /^[^/@\s]+@[^/@\s]+$/u.test(source);
}

function requireStdin(stdin: string | undefined): string {
  if (stdin?.trim()) return stdin;
  throw new CurfewError("input", "standard input: the inventory is empty");
}

function textPart(reading: FormContext, path: string, text: string): Part {
  const { form, source } = formOf(path, text);
  if (form.by === "ansible") refuseProgram(reading, path);
  return { path, by: path === STDIN ? "curfew" : form.by, read: () => form.read(source, reading) };
}

/** What Ansible skips in an inventory directory (INVENTORY_IGNORE_EXTS and IGNORED_ALWAYS). */
const SKIPPED =
  /^\.|^(?:group_vars|host_vars|vars_plugins)$|(?:\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|cfg|retry)|~)$/u;

/** The default of INVENTORY_IGNORE_EXTS changed. */
const OLD_ANSIBLE = "read as well; Ansible before 2.19 skips what ends in .ini in a folder of inventories";

async function folderParts(reading: FormContext, directory: string): Promise<Part[]> {
  const names = (await readdir(directory)).filter((name) => !SKIPPED.test(name)).toSorted();
  if (names.length === 0) {
    throw inputError([{ position: { file: directory }, message: "there is no inventory in this directory" }]);
  }
  const parts: Part[] = [];
  for (const name of names) {
    const path = join(directory, name);
    if (name.endsWith(".ini")) reading.data.warnings.push({ position: { file: path }, message: OLD_ANSIBLE });
    parts.push(...(await partsOf(reading, path)));
  }
  return parts;
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
