/** What stands in for -p and -i where neither is given: files of the folder that curfew was started in. */
import { existsSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Names the policy and the inventory, or is the policy itself. */
const PROJECT = "curfew.yaml";
/** As `curfew init` calls them. */
const STARTERS = { policy: "policy.yaml", inventory: "inventory.yaml" } as const;
const FLAGS = { policy: "-p, --policy", inventory: "-i, --inventory" } as const;

export type SourceKind = keyof typeof STARTERS;

/**
 * The files to use, said on standard error unless `quiet`. `curfew.yaml` counts before the files of `init`.
 * Errors: CurfewError `usage` where there is none, `input` for a `curfew.yaml` that cannot be read.
 */
export async function defaultSources(
  kind: SourceKind,
  { quiet }: { readonly quiet?: true },
  { err, errPaint }: Pick<Terminal, "err" | "errPaint">,
): Promise<readonly string[]> {
  const found = (existsSync(PROJECT) ? await fromProject(kind) : undefined) ?? starter(kind);
  if (found === undefined) {
    throw new CurfewError("usage", `required option ${FLAGS[kind]} not given`, {
      hint: "curfew init writes a policy and an inventory to begin with",
    });
  }
  if (quiet !== true) {
    const names = found.map(visible).join(", ");
    err(`${errPaint.dim(`no ${FLAGS[kind].slice(0, 2)} was given: using ${names}`)}\n`);
  }
  return found;
}

/** Whether one was given or stands in this folder. */
export function hasSource(kind: SourceKind, given: unknown): boolean {
  return given !== undefined || existsSync(PROJECT) || starter(kind) !== undefined;
}

function starter(kind: SourceKind): readonly string[] | undefined {
  return existsSync(STARTERS[kind]) ? [STARTERS[kind]] : undefined;
}

/** Undefined where the file says nothing about it; a file that names neither is the policy itself. */
async function fromProject(kind: SourceKind): Promise<readonly string[] | undefined> {
  const named = await namedByProject(PROJECT);
  if (named !== undefined) return named[kind];
  return kind === "policy" ? [PROJECT] : undefined;
}

/**
 * What a file called curfew.yaml names; undefined for one that names neither a policy nor an inventory. Paths in it
 * start where the file is. Errors: CurfewError `input` for one that cannot be read.
 */
export async function namedByProject(
  file: string,
): Promise<Readonly<Partial<Record<SourceKind, readonly string[]>>> | undefined> {
  if (!isProject(file)) return undefined;
  const [{ readTextFile }, { parseYaml }] = await Promise.all([
    import("../../config/text-file.ts"),
    import("../../config/yaml-text.ts"),
  ]);
  const text = await readTextFile(file, { maxBytes: 1024 * 1024, what: "curfew" });
  const content: unknown = parseYaml(file, text).document.toJS({ maxAliasCount: 0 });
  if (!isRecord(content) || !("policy" in content || "inventory" in content)) return undefined;
  const { policy, inventory } = content;
  return {
    ...(policy !== undefined && { policy: filesOf(policy, "policy", file) }),
    ...(inventory !== undefined && { inventory: filesOf(inventory, "inventory", file) }),
  };
}

/** By its name alone. */
export function isProject(file: string): boolean {
  return basename(file) === PROJECT;
}

function filesOf(named: unknown, kind: SourceKind, file: string): readonly string[] {
  const list: readonly unknown[] = kind === "inventory" && Array.isArray(named) ? named : [named];
  return list.map((name) => {
    if (typeof name === "string" && name !== "") return nearby(name, kind, file);
    throw new CurfewError("input", `${visible(file)}: ${kind} is the name of a file`);
  });
}

/** An inventory may be a host, such as `root@web1`; a policy is a file. */
function nearby(name: string, kind: SourceKind, file: string): string {
  const path = isAbsolute(name) ? name : join(dirname(file), name);
  return kind === "policy" || existsSync(path) ? path : name;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
