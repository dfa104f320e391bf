/**
 * Lists of host names as `clush` and `nodeset` write them and read them back (ClusterShell, NodeSet): `web[001-119,121]`,
 * `r[1-2]n[1-4]`. Zeros in front keep the width.
 */

/** An entry around one of its numbers: `web`, `007`, `.example.com`; other numbers of it may be folded already. */
interface Split {
  readonly before: string;
  readonly digits: string;
  readonly after: string;
}

/**
 * The names folded: those that differ in a number alone become one entry. Entries come in the order of their first
 * name; a name that is listed twice stands once. IPv6 addresses, and names with brackets or commas, stay as they are.
 */
export function foldNames(names: readonly string[]): string[] {
  const odd = new Set(names.filter((name) => /[[\],:\s]/u.test(name)));
  let entries = [...new Set(names)];
  for (;;) {
    const folded = foldOnce(entries, odd);
    if (folded.length === entries.length) return folded;
    entries = folded;
  }
}

/** The names that folded entries stand for; `unfoldNames(foldNames(names))` are the same names, each once. */
export function unfoldNames(entries: readonly string[]): string[] {
  return entries.flatMap((entry) => {
    const match = /^([^[\]]*)\[(\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)\](.*)$/u.exec(entry);
    if (match === null) return [entry];
    const [, before = "", ranges = "", after = ""] = match;
    const numbers = ranges.split(",").flatMap(numbersOf);
    return unfoldNames([after]).flatMap((rest) => numbers.map((digits) => before + digits + rest));
  });
}

function foldOnce(entries: readonly string[], odd: ReadonlySet<string>): string[] {
  const groups = new Map<string, { readonly entries: string[]; readonly splits: Split[] }>();
  for (const { entry, split } of bestSplits(entries, odd)) {
    const key = split === undefined ? entry : keyOf(split);
    const group = groups.get(key) ?? { entries: [], splits: [] };
    group.entries.push(entry);
    if (split !== undefined) group.splits.push(split);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap((group) =>
    group.entries.length === 1 ? group.entries : foldedGroup(group.splits),
  );
}

interface Choice {
  readonly entry: string;
  readonly split: Split | undefined;
}

/** Of each entry the number by which it has the most companions, the last of equals; none in an odd name. */
function bestSplits(entries: readonly string[], odd: ReadonlySet<string>): Choice[] {
  const found = entries.map((entry) => (odd.has(entry) ? [] : splitsOf(entry)));
  const counts = new Map<string, number>();
  for (const key of found.flat().map(keyOf)) counts.set(key, (counts.get(key) ?? 0) + 1);
  const size = (split: Split): number => counts.get(keyOf(split)) ?? 0;
  const better = (best: Split, split: Split): Split => (size(split) >= size(best) ? split : best);
  return entries.map((entry, index) => {
    const [first, ...others] = found[index] ?? [];
    return { entry, split: first && others.reduce(better, first) };
  });
}

/** Every number outside brackets; what is too long to count with is text. */
function splitsOf(entry: string): Split[] {
  return Array.from(entry.matchAll(/\[[^\]]*\]|\d+/gu))
    .filter(([digits]) => !digits.startsWith("[") && digits.length <= 15)
    .map(({ 0: digits, index }) => ({
      before: entry.slice(0, index),
      digits,
      after: entry.slice(index + digits.length),
    }));
}

function keyOf({ before, after }: Split): string {
  return JSON.stringify([before, after]);
}

/** `8-9` and `08-10` are two entries: within brackets all numbers have one width, or no zeros in front. */
function foldedGroup(splits: readonly Split[]): string[] {
  const padded = new Set(
    splits.filter(({ digits }) => /^0\d/u.test(digits)).map(({ digits }) => digits.length),
  );
  const classes = new Map<number, Split[]>();
  for (const split of splits) {
    const width = padded.has(split.digits.length) ? split.digits.length : 0;
    classes.set(width, [...(classes.get(width) ?? []), split]);
  }
  return Array.from(classes.values(), (members) => {
    const [{ before, after, digits } = { before: "", after: "", digits: "" }] = members;
    return members.length === 1 ? before + digits + after : `${before}[${rangesOf(members)}]${after}`;
  });
}

function rangesOf(splits: readonly Split[]): string {
  const sorted = splits.map(({ digits }) => digits).toSorted((left, right) => Number(left) - Number(right));
  const runs: [string, string][] = [];
  for (const digits of sorted) {
    const run = runs.at(-1);
    if (run !== undefined && Number(digits) === Number(run[1]) + 1) run[1] = digits;
    else runs.push([digits, digits]);
  }
  return runs.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(",");
}

function numbersOf(range: string): string[] {
  const [first = "", last = first] = range.split("-");
  const width = /^0\d/u.test(first) ? first.length : 0;
  const count = Number(last) - Number(first) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) =>
    String(Number(first) + index).padStart(width, "0"),
  );
}
