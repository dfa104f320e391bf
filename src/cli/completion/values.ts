/** Which values an option or argument may have, from files: nothing is contacted, no program is run. */
import { existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Argument, Command, Option } from "commander";
import { REPORT_FORMAT_NAMES } from "../../model/record/audit.ts";
import { CONTROL_IDS } from "../../controls/registry.ts";
import { BASELINE_NAMES } from "../../model/policy/baseline-name.ts";
import { SESSION_KINDS } from "../../model/terms/session-kind.ts";
import { historyPlace } from "../../store/history-place.ts";

export interface Offer {
  readonly value: string;
  readonly description?: string;
}

type Environment = NodeJS.ProcessEnv;

/** The values of options so far, by attribute name. */
export type GivenValues = ReadonlyMap<string, readonly string[]>;

export type Values =
  | { readonly kind: "files" | "directories" }
  | {
      readonly kind: "values";
      /** Matches what stays in front of the value that is completed. */
      readonly separator?: RegExp;
      readonly offers: (environment: Environment) => Promise<readonly Offer[]>;
    };

const FILES = { kind: "files" } as const;
const DIRECTORIES = { kind: "directories" } as const;
const LIST = /^.*,/su;
/** Terms of a host pattern, with their `!` or `&`. */
const PATTERN = /^(?:.*,)?[!&]?/su;

/** By command and option, or by option alone. */
const OPTIONS: Readonly<Record<string, (given: GivenValues) => Values>> = {
  inventory: () => FILES,
  "ssh-config": () => FILES,
  "become-pass-file": () => FILES,
  alerts: () => FILES,
  policy: () => FILES,
  "report policy": () => values(policyNames),
  "list policy": () => values(policyNames),
  "export policy": () => values(policyNames),
  output: () => DIRECTORIES,
  "plan output": () => FILES,
  "export output": () => FILES,
  limit: (given) => values((environment) => hostsAndGroups(given, environment), PATTERN),
  "verify role": (given) => values((environment) => roles(given, environment)),
  sessions: () => listed([...SESSION_KINDS, "all"]),
  format: () => listed(REPORT_FORMAT_NAMES),
  controls: () => listed(CONTROL_IDS),
  baseline: () => listed(["none", ...BASELINE_NAMES]),
  "environment-file": () => FILES,
  "remove name": () => values(schedules),
  run: () => values(audits),
  against: () => values(audits),
};

const ARGUMENTS: Readonly<Record<string, (given: GivenValues) => Values>> = {
  "init dir": () => DIRECTORIES,
  "apply plan": () => FILES,
  "show plan": () => FILES,
  "import file": () => FILES,
  "profiles name": () => listed(BASELINE_NAMES),
  "explain user[@host]": (given) => values((environment) => hosts(given, environment), /^[^@]*@/u),
};

/** Undefined where nothing is known of the value. */
export function optionValues(option: Option, command: Command, given: GivenValues): Values | undefined {
  if (option.argChoices !== undefined) return listed(option.argChoices);
  const name = option.long?.replace(/^--/u, "") ?? "";
  return (OPTIONS[`${command.name()} ${name}`] ?? OPTIONS[name])?.(given);
}

/** Undefined where there is no such argument, or nothing is known of it. */
export function argumentValues(command: Command, index: number, given: GivenValues): Values | undefined {
  const argument: Argument | undefined = command.registeredArguments[index];
  if (argument === undefined) return undefined;
  if (argument.argChoices !== undefined) return listed(argument.argChoices);
  if (command.name() === "help") return commandNames(command);
  return ARGUMENTS[`${command.name()} ${argument.name()}`]?.(given);
}

function values(offers: (environment: Environment) => Promise<readonly Offer[]>, separator?: RegExp): Values {
  return { kind: "values", offers, ...(separator && { separator }) };
}

function listed(words: readonly string[]): Values {
  return values(async () => words.map((value) => ({ value })), LIST);
}

function commandNames(command: Command): Values {
  return listed(
    (command.parent?.commands ?? []).map((each) => each.name()).filter((name) => name !== "complete"),
  );
}

async function hosts(given: GivenValues, environment: Environment): Promise<Offer[]> {
  const inventory = await inventoryOf(given, environment);
  return inventory.hosts.map(({ name }) => ({ value: name, description: "host" }));
}

async function hostsAndGroups(given: GivenValues, environment: Environment): Promise<Offer[]> {
  const { groups, hosts: found } = await inventoryOf(given, environment);
  return [
    ...groups.map((value) => ({ value, description: "group" })),
    ...found.map(({ name }) => ({ value: name, description: "host" })),
  ];
}

async function inventoryOf(
  given: GivenValues,
  environment: Environment,
): Promise<import("../../model/inventory/host.ts").Inventory> {
  const { loadInventory } = await import("../../config/inventory/inventory.ts");
  const sources = given.get("inventory") ?? named(environment["CURFEW_INVENTORY"]);
  return loadInventory(
    sources.filter((source) => source !== "-").map((source) => expanded(source, environment)),
    { environment, filesOnly: true },
  );
}

/** The keys below `roles`, even where the policy has mistakes. */
async function roles(given: GivenValues, environment: Environment): Promise<Offer[]> {
  const [file] = (given.get("policy") ?? named(environment["CURFEW_POLICY"])).slice(-1);
  if (file === undefined) return [];
  const [{ readTextFile }, { parseYaml }] = await Promise.all([
    import("../../config/text-file.ts"),
    import("../../config/yaml-text.ts"),
  ]);
  const path = expanded(file, environment);
  // Opening a pipe would wait for somebody to write to it, and nothing could end that.
  if (!statSync(path).isFile()) return [];
  const text = await readTextFile(path, { maxBytes: 1024 * 1024, what: "policy" });
  const policy = parseYaml(file, text).document.toJS({ maxAliasCount: 0 }) as { readonly roles?: object };
  return ["default", ...Object.keys(policy.roles ?? {})].map((value) => ({ value }));
}

function named(value: string | undefined): readonly string[] {
  return value === undefined || value === "" ? [] : [value];
}

/** Shells hand the word over as it was typed. */
function expanded(path: string, { HOME }: Environment): string {
  return HOME !== undefined && path.startsWith("~/") ? join(HOME, path.slice(2)) : path;
}

async function audits(environment: Environment): Promise<Offer[]> {
  const runs = await recentRuns(environment);
  return runs.map(({ runId, policy, startedAt }) => ({
    value: runId,
    description: `${policy}, ${startedAt.slice(0, 16)}`,
  }));
}

async function policyNames(environment: Environment): Promise<Offer[]> {
  return (await recentRuns(environment)).map(({ policy }) => ({ value: policy }));
}

/** Never makes a history where there is none. */
async function recentRuns(
  environment: Environment,
): Promise<readonly import("../../model/record/audit.ts").RunSummary[]> {
  const place = await historyPlace({ given: undefined, environment, home: homedir() });
  if ("state" in place && !existsSync(join(place.state, "history.sqlite"))) return [];
  const { openHistory } = await import("../../store/open-history.ts");
  const history = await openHistory({ ...place, now: () => new Date() });
  try {
    return await history.list({ policy: undefined, since: undefined, last: 50 });
  } finally {
    await history.close();
  }
}

async function schedules(environment: Environment): Promise<Offer[]> {
  const [{ findSchedules }, { placesOf }] = await Promise.all([
    import("../../flow/schedule/installed.ts"),
    import("../../flow/schedule/places.ts"),
  ]);
  const found = await findSchedules(placesOf(environment));
  return found.map(({ definition: { name } }) => ({ value: name }));
}
