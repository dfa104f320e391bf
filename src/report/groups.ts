import { createHash } from "node:crypto";
import { visible } from "../core/visible.ts";

/** How many host names a heading shows before it counts the rest. */
const SHOWN = 8;

type Group<T> = [T, ...T[]];

/** Items whose substance is the same, together; groups in the order of their first items. */
export function groupAlike<T>(items: readonly T[], substance: (item: T) => unknown): Group<T>[] {
  const groups = new Map<string, Group<T>>();
  for (const item of items) {
    const key = createHash("sha256")
      .update(JSON.stringify(substance(item)))
      .digest("base64");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

/** `web1, web2`, or `web1, web2, … and 490 more (498 hosts)`. */
export function hostNames(names: readonly string[], all: boolean): string {
  const shown = names.slice(0, all ? names.length : SHOWN).map(visible);
  const rest = names.length - shown.length;
  return rest > 0 ? `${shown.join(", ")} and ${rest} more (${names.length} hosts)` : shown.join(", ");
}
