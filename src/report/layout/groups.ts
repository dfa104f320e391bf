import { foldNames, unfoldNames } from "../../core/text/fold-names.ts";
import { visible } from "../../core/text/visible.ts";

/** How many entries a heading shows before it counts the rest. */
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

/**
 * `web1, web2`, `web[001-498] (498 hosts)`, or the first of many entries and how many hosts are left:
 * names folded as `nodeset` folds them, or with `all` every one of them written out.
 */
export function hostNames(names: readonly string[], all: boolean): string {
  if (all) return names.map(visible).join(", ");
  const entries = foldNames(names);
  const shown = entries.slice(0, SHOWN);
  const rest = names.length - unfoldNames(shown).length;
  const text = shown.map(visible).join(", ");
  const total = entries.length < names.length || rest > 0 ? ` (${names.length} hosts)` : "";
  return rest > 0 ? `${text} and ${rest} more${total}` : `${text}${total}`;
}
