import { glob } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { type InventoryData, addHost, hostNameProblem } from "./data.ts";
import { shown } from "../../core/text/nearest.ts";
import { splitWords } from "./shell-words.ts";
import { readTextFile } from "../text-file.ts";

/** As ssh itself (readconf.c, READCONF_MAX_DEPTH). */
const DEEPEST = 16;

/**
 * Pours the `Host` entries of an ssh_config into `data`, those without `*`, `?` and `!`; Include
 * is followed. Nothing else is read here: HostName, Port, User and ProxyJump are ssh's own
 * business, so each host only remembers the file, for `ssh -F` (ssh_config(5)). Errors: CurfewError
 * `input` for an included file that cannot be read; bad names go to `data.errors`.
 *
 * @param configFile Absolute path for `ssh -F`, undefined where it is the user's own file anyway.
 */
export async function readSshConfig(
  data: InventoryData,
  source: { readonly file: string; readonly text: string; readonly configFile: string | undefined },
  home: string | undefined,
  depth = 0,
): Promise<void> {
  const { file, text, configFile } = source;
  for (const [index, line] of text.split(/\r?\n/u).entries()) {
    const position = { file, line: index + 1, column: line.length - line.trimStart().length + 1 };
    const match = /^\s*(host|include)(?:\s*=\s*|\s+)(.*)$/iu.exec(line);
    if (match === null) continue;
    const words = splitWords(match[2] ?? "");
    if (typeof words === "string") {
      data.errors.push({ position, message: `${shown(line.trim())}: ${words}` });
      continue;
    }
    const texts = words.map((word) => word.text);
    if (match[1]?.toLowerCase() === "host") addHosts(data, texts, position, configFile);
    else if (depth < DEEPEST) await readIncludes(data, texts, configFile, home, depth);
    else data.errors.push({ position, message: "Include is nested too deeply" });
  }
}

function addHosts(
  data: InventoryData,
  names: readonly string[],
  position: { file: string; line: number; column: number },
  configFile: string | undefined,
): void {
  for (const name of names.filter((pattern) => !/[*?!]/u.test(pattern))) {
    const problem = hostNameProblem(name);
    if (problem === undefined) {
      const host = addHost(data, name, "ungrouped", position);
      if (configFile !== undefined) host.configFile = configFile;
    } else {
      data.errors.push({ position, message: problem });
    }
  }
}

/** "Files without absolute paths are assumed to be in ~/.ssh" (ssh_config(5), Include). */
async function readIncludes(
  data: InventoryData,
  patterns: readonly string[],
  configFile: string | undefined,
  home: string | undefined,
  depth: number,
): Promise<void> {
  for (const pattern of patterns) {
    const base = join(home ?? "/root", ".ssh");
    const expanded = pattern.startsWith("~/") ? join(home ?? "/root", pattern.slice(2)) : pattern;
    const absolute = isAbsolute(expanded) ? expanded : resolve(base, expanded);
    const files: string[] = [];
    for await (const file of glob(absolute)) files.push(file);
    for (const file of files.toSorted()) {
      const text = await readTextFile(file, { maxBytes: 1024 * 1024, what: "ssh_config" });
      await readSshConfig(data, { file, text, configFile }, home, depth + 1);
    }
  }
}
