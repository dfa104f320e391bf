/** The shells of a host, and which are somebody's login shell. */
import type { ShellFact } from "../../model/facts/facts.ts";
import { lines, malformed, type Sections } from "../answer/sections.ts";
import { visible } from "../text/visible.ts";

const MOST_SHELLS = 1000;

/** Sorted by path. Errors: CurfewError `remote` for a line without the real path of the shell. */
export function parseShells(sections: Sections): ShellFact[] {
  const said = lines(sections.one("shells"));
  if (said.length > MOST_SHELLS) throw malformed(sections.host, "shells", "there are too many");
  const shells = said.map((line) => {
    const [path, realPath, inUse] = line.split("\t", 4);
    if (path === undefined || realPath === undefined || realPath === "") {
      const shown = visible(line.slice(0, 200));
      throw malformed(sections.host, "shells", `what this shell really is cannot be told: ${shown}`);
    }
    const kind = shellKind(realPath.slice(realPath.lastIndexOf("/") + 1));
    return { path, kind, inUse: inUse === "yes" };
  });
  return shells.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function shellKind(name: string): string {
  // Versioned names: zsh-5.9, bash5, ksh93u+m keeps its number, which says which Korn shell it is.
  const base = name.replace(/^(zsh|bash|tcsh|fish|dash)[-0-9.]+$/u, "$1");
  if (base === "bsd-csh") return "csh";
  if (/^(?:mksh|lksh)(?:-static)?$/u.test(base)) return "mksh";
  if (/^ksh(?:93|-?20)/u.test(base)) return "ksh93";
  return visible(base);
}
