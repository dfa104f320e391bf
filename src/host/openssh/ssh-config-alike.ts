/**
 * Which hosts an ssh_config cannot tell apart. `ssh -G` costs almost as much as a login, and for most
 * fleets it says the same of every host. Wherever there is doubt, a host is asked about by itself.
 */
import { readFile } from "node:fs/promises";
import { askSsh, filesRead, type SshAnswer, type SshConfigOptions, type Target } from "./ask-ssh.ts";
import { readKeywords, type Keywords } from "./ssh-settings.ts";

/** Fewer are asked about one by one: finding out whether they are alike would cost as much. */
const FEWEST = 5;

/**
 * What `ssh -G` says of each target, or undefined where it has to be asked about by itself. Targets
 * that agree in file, user, port and in every `Host` pattern of the files that ssh reads share the
 * answer of the first, if ssh says the very same of the last, but for the name. Errors as `askSsh`.
 */
export async function sharedAnswers(
  targets: readonly Target[],
  options: SshConfigOptions,
): Promise<readonly (Keywords | undefined)[]> {
  const shared: (Keywords | undefined)[] = targets.map(() => undefined);
  if (targets.length < FEWEST) return shared;
  const groups = (await alikeTargets(targets, options)).filter((group) => group.length >= FEWEST);
  const witnesses = groups
    .flatMap((group) => [group[0], group.at(-1)])
    .flatMap((at) => targets[at ?? -1] ?? []);
  if (witnesses.length === 0) return shared;
  const said = await askSsh(witnesses, options);
  for (const [index, group] of groups.entries()) {
    const [first, last] = [2 * index, 2 * index + 1].map((at) => nameless(said?.[at], witnesses[at]));
    if (first === undefined || first !== last) continue;
    const values = readKeywords(first);
    for (const at of group) {
      const name = [targets[at]?.address ?? ""];
      shared[at] = new Map(values).set("host", name).set("hostname", name);
    }
  }
  return shared;
}

/** Positions of targets, by what could make ssh treat them differently. */
async function alikeTargets(
  targets: readonly Target[],
  options: SshConfigOptions,
): Promise<(readonly number[])[]> {
  const groups = new Map<string, number[]>();
  const patterns = new Map<string, Promise<readonly string[] | undefined>>();
  for (const [at, target] of targets.entries()) {
    if (!isPlain(target.address)) continue;
    const { address, user, port } = target;
    const file = options.file ?? target.configFile ?? "";
    const known = patterns.get(file) ?? patternsFor(target, options);
    patterns.set(file, known);
    const matching = (await known)?.map((pattern) => matchesPattern(pattern, address));
    if (matching === undefined) continue;
    const key = JSON.stringify([file, user, port, matching.map(Number).join("")]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [at]);
    else group.push(at);
  }
  return [...groups.values()];
}

/** A name that ssh takes as it is: no user, port or scope in it, nothing to make lower-case. */
function isPlain(address: string): boolean {
  return /^[a-z0-9][a-z0-9._-]*$/u.test(address) || /^[0-9a-f:]+$/u.test(address);
}

async function patternsFor(
  target: Target,
  options: SshConfigOptions,
): Promise<readonly string[] | undefined> {
  const files = await filesRead(target, options);
  if (files === undefined) return undefined;
  try {
    const texts = await Promise.all(files.map((file) => readFile(file, "latin1")));
    const found = texts.map(hostPatterns);
    return found.includes(undefined) ? undefined : [...new Set(found.flatMap((list) => list ?? []))];
  } catch {
    return undefined;
  }
}

/**
 * The patterns of all `Host` lines of an ssh_config, without `!`; undefined where something else may
 * tell hosts apart (`Match`, an Include with tokens), or where a line is not plain enough to be sure.
 */
export function hostPatterns(text: string): readonly string[] | undefined {
  const patterns: string[] = [];
  for (const line of text.split("\n")) {
    const trimmed = line.replaceAll(/^[ \t\r\f]+|[ \t\r\f]+$/gu, "");
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const match = /^([a-z0-9]+)(?:[ \t]*=[ \t]*|[ \t]+)(.+)$/iu.exec(trimmed);
    if (match === null) return undefined;
    const [, keyword = "", rest = ""] = match;
    const argument = rest.toLowerCase();
    if (/^match$/iu.test(keyword) && argument !== "all") return undefined;
    if (/^include$/iu.test(keyword) && /[%$]/u.test(argument)) return undefined;
    if (!/^host$/iu.test(keyword)) continue;
    if (/["'\\#]/u.test(rest)) return undefined;
    patterns.push(...rest.split(/[ \t]+/u).map((pattern) => pattern.replace(/^!/u, "")));
  }
  return patterns;
}

/** `*` and `?` as ssh_config(5), PATTERNS. */
function matchesPattern(pattern: string, address: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/gu, String.raw`\$&`)
    .replaceAll(/\*+/gu, ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "u").test(address);
}

/**
 * What ssh said, without its name for the host; undefined where it made another name of it, or would
 * once it looks it up. ControlPath may hold a digest of the name; nobody here reads it.
 */
function nameless(answer: SshAnswer | undefined, target: Target | undefined): string | undefined {
  if (answer === undefined || !("output" in answer)) return undefined;
  const values = readKeywords(answer.output);
  const one = (keyword: string): string => values.get(keyword)?.[0]?.toLowerCase() ?? "none";
  if (one("hostname") !== target?.address) return undefined;
  if (!["none", "no", "false"].includes(one("canonicalizehostname"))) return undefined;
  if (one("canonicalizepermittedcnames") !== "none") return undefined;
  return answer.output.replaceAll(/^(?:host|hostname|controlpath) .*\n/gmu, "");
}
