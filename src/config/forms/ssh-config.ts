import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { CurfewError } from "../../model/terms/error.ts";
import { hostNameProblem } from "../../core/text/destination.ts";
import { type InventoryData, addHost } from "../variables/data.ts";
import { shown } from "../../core/text/nearest.ts";
import type { SourcePosition } from "../../model/inventory/host.ts";
import { type InventoryForm, type FormContext, STDIN } from "./form.ts";
import { programIn } from "./ssh-config-programs.ts";
import { splitWords } from "./shell-words.ts";
import { globPaths } from "./ssh-glob.ts";
import { readTextFile } from "../text-file.ts";

/** As ssh itself (readconf.c, READCONF_MAX_DEPTH). */
const DEEPEST = 16;

/**
 * `Host`, `Match` or `Include` as the first word, or the name. Only the `Host` entries are read, those without `*`,
 * `?` and `!`; HostName, Port, User and ProxyJump are ssh's own business, so each host only remembers the file, for
 * `ssh -F` (ssh_config(5)). In the user's own configuration ssh finds the hosts by itself.
 */
export const sshConfigForm: InventoryForm = {
  by: "curfew",
  detect: ({ file, first }) => file.endsWith("ssh_config") || /^(?:Host|Match|Include)(?:\s|=)/iu.test(first),
  async read({ file, text }, { data, home, workingDirectory, trustSshConfig, filesOnly }: FormContext) {
    if (file === STDIN) {
      throw new CurfewError(
        "input",
        "standard input: ssh itself reads an ssh_config, so it has to be a file",
      );
    }
    const path = resolve(workingDirectory, file);
    const configFile = home !== undefined && path === join(home, ".ssh", "config") ? undefined : path;
    // Where only files are read, ssh is never started.
    const trusted = trustSshConfig || filesOnly || configFile === undefined;
    await readText({ data, configFile, home, trusted }, file, text, 0);
  },
};

interface Walk {
  readonly data: InventoryData;
  /** Absolute path for `ssh -F`, undefined where it is the user's own file anyway. */
  readonly configFile: string | undefined;
  readonly home: string | undefined;
  /** Whether it may make ssh run programs. */
  readonly trusted: boolean;
}

const TRUST = "read it, then give --trust-ssh-config, or --ssh-config with a file of your own";

async function readText(walk: Walk, file: string, text: string, depth: number): Promise<void> {
  const { data } = walk;
  for (const [index, line] of text.split(/\r?\n/u).entries()) {
    const position = { file, line: index + 1, column: line.length - line.trimStart().length + 1 };
    const program = walk.trusted ? undefined : programIn(line);
    if (program !== undefined) {
      const message = `${program} runs a program on this machine, and an inventory may not: ${TRUST}`;
      data.errors.push({ position, message });
    }
    const match = /^\s*(host|include)(?:\s*=\s*|\s+)(.*)$/iu.exec(line);
    if (match === null) continue;
    const words = splitWords(match[2] ?? "");
    if (typeof words === "string") {
      data.errors.push({ position, message: `${shown(line.trim())}: ${words}` });
      continue;
    }
    const texts = words.map((word) => word.text);
    if (match[1]?.toLowerCase() === "host") addHosts(walk, texts, position);
    else if (depth < DEEPEST) await readIncludes(walk, texts, position, depth);
    else data.errors.push({ position, message: "Include is nested too deeply" });
  }
}

/** An alias that curfew cannot use is somebody else's: it is left out, and the file still counts. */
function addHosts({ data, configFile }: Walk, names: readonly string[], position: SourcePosition): void {
  for (const name of names.filter((pattern) => !/[*?!]/u.test(pattern))) {
    const problem = hostNameProblem(name);
    if (problem !== undefined) {
      data.warnings.push({ position, message: `${problem}; this alias is left out` });
      continue;
    }
    const host = addHost(data, name, "ungrouped", position);
    if (configFile !== undefined) host.configFile = configFile;
  }
}

const INCLUDED = { maxBytes: 1024 * 1024, what: "ssh_config", mayBeEmpty: true, found: true };

/** "Files without absolute paths are assumed to be in ~/.ssh" (ssh_config(5), Include). */
async function readIncludes(
  walk: Walk,
  patterns: readonly string[],
  position: SourcePosition,
  depth: number,
): Promise<void> {
  for (const pattern of patterns) {
    const path = includedPath(pattern, walk.home ?? "/root");
    if (path === undefined) {
      await refuseUnseen(walk, pattern, position);
      continue;
    }
    for (const file of await globPaths(path)) {
      // ssh opens a folder and reads no line of it.
      if ((await stat(file).catch(() => undefined))?.isDirectory() === true) continue;
      const text = await readTextFile(file, INCLUDED);
      await readText(walk, file, text, depth + 1);
    }
  }
}

/** ssh follows it all the same: what it would run cannot be told. */
async function refuseUnseen(
  { data, trusted }: Walk,
  pattern: string,
  position: SourcePosition,
): Promise<void> {
  const unseen = `Include ${shown(pattern)} is not followed: curfew does not expand it`;
  // What is in the account's own home is its own.
  const own = /^(?:%d\/|\$\{HOME\}\/|[^/~%$])/u.test(pattern) && !pattern.includes("..");
  if (trusted || own || (await isNobodys(pattern)))
    data.warnings.push({ position, message: `${unseen}, and hosts in it are not seen` });
  else data.errors.push({ position, message: `${unseen}, so it may run programs: ${TRUST}` });
}

/** `~name` of an account that does not exist, where ssh finds nothing. */
function isNobodys(pattern: string): Promise<boolean> {
  const name = /^~([A-Za-z0-9][\w.-]*)\//u.exec(pattern)?.[1];
  if (name === undefined) return Promise.resolve(false);
  // getent(1): 2 where the name is not found.
  return new Promise((answer) => {
    execFile("getent", ["passwd", name], { timeout: 10_000 }, (error) => answer(error?.code === 2));
  });
}

/** Undefined for what depends on the host or on another account (tokens, variables, `~name`). */
function includedPath(pattern: string, home: string): string | undefined {
  if (/%|\$\{/u.test(pattern)) return undefined;
  if (pattern.startsWith("~/")) return join(home, pattern.slice(2));
  if (pattern.startsWith("~")) return undefined;
  return isAbsolute(pattern) ? pattern : `${join(home, ".ssh")}/${pattern}`;
}
