import { visible } from "../../core/text/visible.ts";

/** How many host names a heading shows before it counts the rest. */
const SHOWN = 8;

/** Strings from this length on are numbered. */
const LONG = 100;

type Group<T> = [T, ...T[]];

/** Items whose substance is the same, together; groups in the order of their first items. */
export function groupAlike<T>(items: readonly T[], substance: (item: T) => unknown): Group<T>[] {
  const keyOf = createKeys();
  const groups = new Map<string, Group<T>>();
  for (const item of items) {
    const key = keyOf(substance(item));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

/**
 * Gives keys that are the same for the same data. Long strings are numbered rather than written
 * out: a plan carries whole files, and a fleet carries them five hundred times.
 */
export function createKeys(): (data: unknown) => string {
  const numbers = new Map<string, number>();
  const shorten = (_: string, value: unknown): unknown => {
    if (typeof value !== "string" || value.length < LONG) return value;
    const number = numbers.get(value) ?? numbers.size;
    numbers.set(value, number);
    // An array cannot be taken for a string that looks the same.
    return [number];
  };
  return (data) => JSON.stringify(data, shorten);
}

/** `web1, web2`, or `web1, web2, … and 490 more (498 hosts)`. */
export function hostNames(names: readonly string[], all: boolean): string {
  const shown = names.slice(0, all ? names.length : SHOWN).map(visible);
  const rest = names.length - shown.length;
  return rest > 0 ? `${shown.join(", ")} and ${rest} more (${names.length} hosts)` : shown.join(", ");
}
