import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/**
 * The paths that an absolute pattern stands for, in byte order, as ssh's `Include` finds them: glob(3) without flags.
 * `*`, `?` and `[…]` within one name, a backslash takes the next character as it is; `{a,b}` and `**` mean nothing
 * more, a leading dot has to be written, `~` is no home directory. None where nothing matches.
 */
export async function globPaths(pattern: string): Promise<string[]> {
  let found = ["/"];
  const names = pattern.split("/").filter((name) => name !== "");
  for (const [index, name] of names.entries()) {
    const isLast = index === names.length - 1;
    const next = await Promise.all(found.map((folder) => matches(folder, name, isLast)));
    found = next.flat();
  }
  return found.toSorted();
}

async function matches(folder: string, pattern: string, isLast: boolean): Promise<string[]> {
  if (!/[*?[]/u.test(pattern)) {
    const path = join(folder, pattern.replaceAll(/\\(.)/gu, "$1"));
    // Only the end of the path shows whether the whole is there.
    return !isLast || (await stat(path).catch(() => undefined)) !== undefined ? [path] : [];
  }
  const expression = nameExpression(pattern);
  const names = await readdir(folder).catch(() => []);
  const hidden = pattern.startsWith(".");
  return names
    .filter((name) => expression.test(name) && (hidden || !name.startsWith(".")))
    .map((name) => join(folder, name));
}

/** One name with `*`, `?` and brackets; a bracket that is not closed stands for itself. */
function nameExpression(pattern: string): RegExp {
  const source = pattern.replaceAll(
    /\\(.)|\*+|\?|\[([!^]?)(\]?[^\]]*)\]|[\s\S]/gu,
    (part, escaped: string | undefined, not: string | undefined, set: string | undefined) => {
      if (escaped !== undefined) return literal(escaped);
      if (part.startsWith("*")) return ".*";
      if (part === "?") return ".";
      if (set === undefined) return literal(part);
      return `[${not === "" ? "" : "^"}${set.replaceAll(/[\\\]^[]/gu, String.raw`\$&`)}]`;
    },
  );
  try {
    return new RegExp(`^${source}$`, "su");
  } catch {
    // A range that runs backwards matches nothing.
    return /^(?!)/u;
  }
}

function literal(character: string): string {
  return character.replaceAll(/[.*+?^${}()|[\]\\/-]/gu, String.raw`\$&`);
}
