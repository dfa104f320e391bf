import { shown } from "../../core/text/nearest.ts";
import type { GroupEntry, InventoryData } from "../variables/data.ts";

/** A group's place among the others. */
export interface GroupPlace {
  readonly group: GroupEntry;
  /** Longest way down from `all`, which is 0. */
  readonly depth: number;
  /** Every group above it, `all` included, itself not. */
  readonly ancestors: ReadonlySet<string>;
}

/**
 * Every group with its depth and ancestors; groups without a parent are children of `all`
 * (Ansible's reconcile_inventory). Cycles are errors in `data`; their groups are left out.
 */
export function groupPlaces(data: InventoryData): Map<string, GroupPlace> {
  const parents = parentsOf(data);
  const places = new Map<string, GroupPlace>();
  const waiting = new Map([...parents].map(([name, above]) => [name, above.size]));
  const ready = [...waiting].filter(([, count]) => count === 0).map(([name]) => name);
  for (let name = ready.pop(); name !== undefined; name = ready.pop()) {
    waiting.delete(name);
    const group = data.groups.get(name);
    if (group === undefined) continue;
    places.set(name, place(group, parents.get(name) ?? new Set(), places));
    for (const child of childrenOf(group, data, parents)) {
      const left = (waiting.get(child) ?? 0) - 1;
      waiting.set(child, left);
      if (left === 0) ready.push(child);
    }
  }
  if (waiting.size > 0) reportCycle(data, parents, waiting);
  return places;
}

function parentsOf(data: InventoryData): Map<string, Set<string>> {
  const parents = new Map([...data.groups.keys()].map((name) => [name, new Set<string>()]));
  for (const group of data.groups.values()) {
    for (const child of group.children.keys()) parents.get(child)?.add(group.name);
  }
  for (const [name, above] of parents) if (above.size === 0 && name !== "all") above.add("all");
  return parents;
}

function childrenOf(
  group: GroupEntry,
  data: InventoryData,
  parents: ReadonlyMap<string, ReadonlySet<string>>,
): Iterable<string> {
  if (group.name !== "all") return group.children.keys();
  return [...data.groups.keys()].filter((name) => parents.get(name)?.has("all"));
}

function place(
  group: GroupEntry,
  parents: ReadonlySet<string>,
  places: ReadonlyMap<string, GroupPlace>,
): GroupPlace {
  const above = [...parents].flatMap((name) => places.get(name) ?? []);
  const ancestors = new Set(parents);
  for (const parent of above) for (const name of parent.ancestors) ancestors.add(name);
  return {
    group,
    depth: above.reduce((deepest, { depth }) => Math.max(deepest, depth + 1), 0),
    ancestors,
  };
}

/** Names one whole circle, `a, b, a`, at the place where its last step was written. */
function reportCycle(
  data: InventoryData,
  parents: ReadonlyMap<string, ReadonlySet<string>>,
  waiting: ReadonlyMap<string, number>,
): void {
  const seen: string[] = [];
  let [name] = waiting.keys();
  while (name !== undefined && !seen.includes(name)) {
    seen.push(name);
    name = [...(parents.get(name) ?? [])].find((parent) => waiting.has(parent));
  }
  if (name === undefined) return;
  const circle = [name, ...seen.slice(seen.indexOf(name)).toReversed()];
  const steps = circle
    .slice(1)
    .map((child, index) => data.groups.get(circle[index] ?? "")?.children.get(child));
  const position = steps.find((step) => step !== undefined) ??
    data.groups.get(name)?.position ?? { file: "inventory" };
  const path = circle.map(shown).join(", then ");
  data.errors.push({ position, message: `groups contain each other: ${path}` });
}
