import { createHash } from "node:crypto";
import { foldNames } from "../../core/text/fold-names.ts";
import { shown } from "../../core/text/nearest.ts";
import type { Host, Inventory, LoadedInventory, SourcePosition } from "../../model/inventory/host.ts";
import { type Directories, IGNORED, connectionSettings } from "../variables/connection-variables.ts";
import { type GroupPlace, groupPlaces } from "./group-order.ts";
import type { GroupEntry, HostEntry, InventoryData, Variable, Variables } from "../variables/data.ts";
import { type Problem, inputError, problemLines } from "../problem.ts";

/** Which of the hosts count. Errors: its own. */
export type ChooseHosts = (inventory: Inventory) => readonly Host[];

/**
 * Groups and variables boiled down to hosts, in the order in which they were first named.
 * Precedence as Ansible's (sort_groups and VARIABLE_PRECEDENCE): groups by depth, `all` first,
 * then by `ansible_group_priority` and name, the later winning; every group_vars file, that of
 * `all` too, above every group variable of the inventory itself; then the host's own variables;
 * then host_vars files.
 * A mistake about one host matters only where `choose` takes that host.
 * Errors: CurfewError `input` with everything wrong in `data` and in the winning variables; those of `choose`.
 */
export function resolveHosts(
  data: InventoryData,
  directories: Directories,
  choose: ChooseHosts,
): LoadedInventory {
  const places = groupPlaces(data);
  const memberships = membershipCache(places);
  const groups = [...new Set(["all", "ungrouped", ...data.groups.keys()])].toSorted();
  const resolved = [...data.hosts.values()].map((entry) =>
    resolveHost(entry, memberships(entry), directories),
  );
  const everything = { hosts: resolved.map(({ host }) => host), groups, digest: "" };
  const taken = new Set(data.errors.length > 0 ? everything.hosts : choose(everything));
  const counted = resolved.filter(({ host }) => taken.has(host));
  const errors = [...data.errors, ...counted.flatMap(({ problems }) => problems)];
  if (errors.length > 0) throw inputError(errors);
  const hosts = resolved.filter(isReachable).map(({ host }) => host);
  const chosen = counted.filter(isReachable).map(({ host }) => host);
  const warnings = [
    ...data.warnings,
    ...ignoredVariables(counted),
    ...leftOut(counted),
    ...sharedNames(data),
  ];
  return { hosts, chosen, groups, digest: digest(hosts), warnings: problemLines(warnings) };
}

/** All of them. */
export function everyHost({ hosts }: Inventory): readonly Host[] {
  return hosts;
}

/** One host, and what is wrong with it; that matters only where the host counts. */
interface Resolved {
  readonly host: Host;
  readonly otherConnection: string | undefined;
  readonly problems: readonly Problem[];
  readonly variables: ReadonlyMap<string, Variable>;
}

function resolveHost(
  entry: HostEntry,
  { groups, variables: shared, broken }: Membership,
  directories: Directories,
): Resolved {
  const problems: Problem[] = [...broken, ...entry.broken];
  const variables = overlay(shared, entry);
  const report = (problem: Problem): void => void problems.push(problem);
  const { otherConnection, ...settings } = connectionSettings({ entry, variables, report }, directories);
  return { host: finished(entry, groups, settings), otherConnection, problems, variables };
}

function isReachable({ otherConnection }: Resolved): boolean {
  return otherConnection === undefined;
}

interface Membership {
  readonly groups: readonly string[];
  readonly variables: Variables;
  readonly broken: readonly Problem[];
}

/** Ten thousand hosts are in a few dozen combinations of groups: each is worked out once. */
function membershipCache(places: ReadonlyMap<string, GroupPlace>): (entry: HostEntry) => Membership {
  const known = new Map<string, Membership>();
  return ({ groups }) => {
    const key = [...groups].toSorted().join("\n");
    const found = known.get(key) ?? membership(groups, places);
    known.set(key, found);
    return found;
  };
}

function membership(direct: ReadonlySet<string>, places: ReadonlyMap<string, GroupPlace>): Membership {
  const named = [...direct].filter((name) => name !== "all" && name !== "ungrouped");
  const start = named.length > 0 ? named : ["ungrouped"];
  const names = new Set([
    "all",
    ...start,
    ...start.flatMap((name) => Array.from(places.get(name)?.ancestors ?? [])),
  ]);
  const ordered = [...names].flatMap((name) => places.get(name) ?? []).toSorted(byPrecedence);
  const variables: Variables = new Map();
  for (const layer of layersOf(ordered.map(({ group }) => group)))
    for (const [name, value] of layer) variables.set(name, value);
  const broken = ordered.flatMap(({ group }) => group.broken);
  return { groups: [...names].toSorted(), variables, broken };
}

/** The weakest first: all that the inventories say, then every folder's files for `all`, then those for the others. */
function layersOf(groups: readonly GroupEntry[]): Variables[] {
  const filed = [groups.filter(({ name }) => name === "all"), groups.filter(({ name }) => name !== "all")];
  const folders = Math.max(-1, ...groups.flatMap((group) => [...group.filed.keys()])) + 1;
  return [
    ...groups.map(({ inline }) => inline),
    ...filed.flatMap((some) =>
      Array.from({ length: folders }, (_, folder) => some.flatMap((group) => group.filed.get(folder) ?? [])),
    ),
  ].flat();
}

function byPrecedence(left: GroupPlace, right: GroupPlace): number {
  const difference = left.depth - right.depth || priority(left.group) - priority(right.group);
  if (difference !== 0) return difference;
  return left.group.name < right.group.name ? -1 : 1;
}

function priority(group: GroupEntry): number {
  const written = Number(group.inline.get("ansible_group_priority")?.text ?? 1);
  return Number.isInteger(written) ? written : 1;
}

/** Of a host's files those of the later folder win. */
function overlay(variables: Variables, { inline, filed }: HostEntry): Variables {
  if (inline.size === 0 && filed.size === 0) return variables;
  const merged = new Map([...variables, ...inline]);
  for (const [, files] of [...filed].toSorted(([left], [right]) => left - right))
    for (const [name, value] of files) merged.set(name, value);
  return merged;
}

/** One line per variable, however many hosts have it. */
function ignoredVariables(counted: readonly Resolved[]): Problem[] {
  const places = new Map<string, Map<string, SourcePosition>>();
  for (const { variables } of counted.filter(isReachable)) {
    for (const [name, variable] of variables) {
      if (IGNORED[name] === undefined) continue;
      const { position } = variable;
      const known = places.get(name) ?? new Map<string, SourcePosition>();
      places.set(name, known.set(JSON.stringify(position), position));
    }
  }
  return Array.from(places, ([name, positions]) => {
    const [position = { file: "inventory" }] = positions.values();
    const rest = positions.size - 1;
    const others = rest === 0 ? "" : ` (also in ${rest} other ${rest === 1 ? "place" : "places"})`;
    return { position, message: `${name} is ignored: ${IGNORED[name]}${others}` };
  });
}

function finished(
  entry: HostEntry,
  groups: readonly string[],
  settings: Omit<Host, "name" | "groups" | "source" | "configFile">,
): Host {
  const { name, position, configFile } = entry;
  return { name, ...settings, ...(configFile === undefined ? {} : { configFile }), groups, source: position };
}

/** One line per kind of connection, however many hosts have it. */
function leftOut(counted: readonly Resolved[]): Problem[] {
  const kinds = new Map<string, Host[]>();
  for (const { host, otherConnection: kind } of counted) {
    if (kind !== undefined) kinds.set(kind, [...(kinds.get(kind) ?? []), host]);
  }
  return Array.from(kinds, ([kind, hosts]) => {
    const position = hosts[0]?.source ?? { file: "inventory" };
    const names = foldNames(hosts.map(({ name }) => name));
    const shownNames = names.slice(0, MOST_NAMED).map(shown).join(", ");
    const rest = names.length > MOST_NAMED ? ` and others, ${hosts.length} hosts in all,` : "";
    const are = hosts.length === 1 ? "is" : "are";
    const message = `${shownNames}${rest} ${are} left out: ansible_connection ${shown(kind)} is neither SSH nor local`;
    return { position, message };
  });
}

const MOST_NAMED = 8;

function sharedNames(data: InventoryData): Problem[] {
  return [...data.groups.values()]
    .filter(({ name }) => data.hosts.has(name))
    .map(({ name, position }) => ({
      position,
      message: `${shown(name)} is a group and a host, patterns select both`,
    }));
}

/** Where an entry was written does not count, only what it says. */
function digest(hosts: readonly Host[]): string {
  const plain = hosts
    .map(({ source: _source, ...rest }) => rest)
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(plain)).digest("hex");
}
