import { createHash } from "node:crypto";
import { shown } from "../../core/text/nearest.ts";
import type { Host, LoadedInventory } from "../../model/host.ts";
import { type Directories, IGNORED, connectionSettings } from "./connection-variables.ts";
import { type GroupPlace, groupPlaces } from "./group-order.ts";
import type { GroupEntry, HostEntry, InventoryData, Variable, Variables } from "./data.ts";
import { type Problem, inputError, problemLines } from "../problem.ts";

/**
 * Groups and variables boiled down to hosts, in the order in which they were first named.
 * Precedence as Ansible's (sort_groups and VARIABLE_PRECEDENCE): groups by depth, `all` first,
 * then by `ansible_group_priority` and name, the later winning; every group_vars file, that of
 * `all` too, above every group variable of the inventory itself; then the host's own variables;
 * then host_vars files.
 * Errors: CurfewError `input` with everything wrong in `data` and in the winning variables.
 */
export function resolveHosts(data: InventoryData, directories: Directories): LoadedInventory {
  const places = groupPlaces(data);
  const errors = [...data.errors];
  const warnings = [...data.warnings];
  const memberships = membershipCache(places);
  const hosts: Host[] = [];
  for (const entry of data.hosts.values()) {
    const { groups, variables } = memberships(entry);
    const merged = overlay(variables, entry);
    warnings.push(...ignoredVariables(merged));
    const report = (problem: Problem) => void errors.push(problem);
    const { overSsh, ...settings } = connectionSettings(
      entry.name,
      entry.position,
      merged,
      directories,
      report,
    );
    if (overSsh) hosts.push(finished(entry, groups, settings));
    else warnings.push(leftOut(entry, merged));
  }
  if (errors.length > 0) throw inputError(errors);
  warnings.push(...sharedNames(data));
  const groups = [...new Set(["all", "ungrouped", ...data.groups.keys()])].toSorted();
  return { hosts, groups, digest: digest(hosts), warnings: problemLines(warnings) };
}

type Membership = { readonly groups: readonly string[]; readonly variables: Variables };

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
  for (const layer of ["inline", "filed"] as const) {
    for (const { group } of ordered) for (const [name, value] of group[layer]) variables.set(name, value);
  }
  return { groups: [...names].toSorted(), variables };
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

function overlay(variables: Variables, { inline, filed }: HostEntry): Variables {
  if (inline.size === 0 && filed.size === 0) return variables;
  return new Map([...variables, ...inline, ...filed]);
}

function ignoredVariables(variables: ReadonlyMap<string, Variable>): Problem[] {
  const problems: Problem[] = [];
  for (const [name, { position }] of variables) {
    const why = IGNORED[name];
    if (why !== undefined) problems.push({ position, message: `${name} is ignored: ${why}` });
  }
  return problems;
}

function finished(
  entry: HostEntry,
  groups: readonly string[],
  settings: Omit<Host, "name" | "groups" | "source" | "configFile">,
): Host {
  const { name, position, configFile } = entry;
  return { name, ...settings, ...(configFile === undefined ? {} : { configFile }), groups, source: position };
}

function leftOut(entry: HostEntry, variables: ReadonlyMap<string, Variable>): Problem {
  const kind = variables.get("ansible_connection")?.text ?? "";
  return {
    position: entry.position,
    message: `${shown(entry.name)} is left out: ansible_connection ${shown(kind)} is not SSH`,
  };
}

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
