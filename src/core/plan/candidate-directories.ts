/** Which directories of drop-ins a candidate configuration has copies of. Pure. */
import { posix } from "node:path";
import type { Facts } from "../../model/facts/facts.ts";
import { everyFile } from "../answer/find-file.ts";

/** Include directories in which a file changes, as the Include line names them: it may be behind a link of the directory. */
export function candidateDirectories(changes: readonly { readonly path: string }[], facts: Facts): string[] {
  const included = new Set(
    facts.sshd.includes.map(({ pattern }) => pattern.slice(0, pattern.lastIndexOf("/"))),
  );
  const absolute = [...included].map((directory) =>
    directory.startsWith("/") ? directory : `/etc/ssh/${directory}`,
  );
  const changed = new Set(changes.map(({ path }) => path));
  const named = everyFile(facts).flatMap(({ path, realPath }) => (changed.has(realPath) ? [path] : []));
  const touched = new Set([...changed, ...named].map((path) => posix.dirname(path)));
  return absolute.filter((directory) => touched.has(directory));
}
