/** An inventory while it is being read: what every format is poured into. */
import { isGroupName, hostNameProblem } from "../../core/text/destination.ts";
import { shown } from "../../core/text/nearest.ts";
import type { SourcePosition } from "../../model/inventory/host.ts";
import type { Problem } from "../problem.ts";

/** One variable as written; it is looked at when a host that counts needs it. */
export interface Variable {
  /** Undefined for a list or a mapping. */
  readonly text: string | undefined;
  /** What a template sees in place of the text: a list, a mapping, a boolean. */
  readonly value?: unknown;
  /** What Ansible makes of the text where that is something else: `022` is the number 18 in YAML 1.1. */
  readonly reads?: string | undefined;
  /** True for text that is no template whatever it contains (`!unsafe`). */
  readonly literal?: boolean;
  /** True for a value that ansible-vault encrypted. */
  readonly encrypted: boolean;
  readonly position: SourcePosition;
}

export type Variables = Map<string, Variable>;

/** Variables of files beside an inventory, by the place of their folder among those that are read. */
type FiledVariables = Map<number, Variables>;

export interface GroupEntry {
  readonly name: string;
  readonly position: SourcePosition;
  /** Names of the groups inside, and where that was said. */
  readonly children: Map<string, SourcePosition>;
  /** Variables of the inventory itself, and those of group_vars files, which win over them. */
  readonly inline: Variables;
  readonly filed: FiledVariables;
  /** What is wrong with its group_vars; it matters for hosts that count. */
  readonly broken: Problem[];
}

export interface HostEntry {
  readonly name: string;
  readonly position: SourcePosition;
  readonly groups: Set<string>;
  readonly inline: Variables;
  readonly filed: FiledVariables;
  /** What is wrong with the name; it matters where the host counts. */
  readonly problem: string | undefined;
  /** What is wrong with its host_vars. */
  readonly broken: Problem[];
  /** The folder of the file that names it first: `inventory_dir`. */
  readonly directory: string | undefined;
  configFile?: string;
}

export interface InventoryData {
  readonly groups: Map<string, GroupEntry>;
  readonly hosts: Map<string, HostEntry>;
  readonly errors: Problem[];
  readonly warnings: Problem[];
  /** The folder of the file that is being read, where it is one. */
  directory?: string | undefined;
}

/** With the two groups that always exist. */
export function emptyInventory(): InventoryData {
  const data: InventoryData = { groups: new Map(), hosts: new Map(), errors: [], warnings: [] };
  for (const name of ["all", "ungrouped"]) addGroup(data, name, { file: "inventory" });
  return data;
}

/** The group of this name, made if it is new. A bad name is an error in `data`. */
export function addGroup(data: InventoryData, name: string, position: SourcePosition): GroupEntry {
  const known = data.groups.get(name);
  if (known !== undefined) return known;
  if (!isGroupName(name)) {
    const message = `${shown(name)} is not a group name: letters, digits, spaces and . _ + / @ = # - only`;
    data.errors.push({ position, message });
  }
  const group = { name, position, children: new Map(), inline: new Map(), filed: new Map(), broken: [] };
  data.groups.set(name, group);
  return group;
}

/**
 * The host of this name, made if it is new, and put into a group. `port` is what stood behind a
 * colon: it is weaker than an `ansible_port`, as in Ansible. A bad name is kept as the host's problem.
 */
export function addHost(
  data: InventoryData,
  name: string,
  group: string,
  position: SourcePosition,
  port?: string,
): HostEntry {
  let host = data.hosts.get(name);
  if (host === undefined) {
    const { directory } = data;
    const sets = { groups: new Set<string>(), inline: new Map(), filed: new Map() };
    host = { name, position, ...sets, problem: hostNameProblem(name), broken: [], directory };
    data.hosts.set(name, host);
  }
  host.groups.add(group);
  if (port !== undefined && !host.inline.has("ansible_port")) {
    host.inline.set("ansible_port", { text: port, encrypted: false, position });
  }
  return host;
}
