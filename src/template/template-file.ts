import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { CurfewError } from "../model/terms/error.ts";

/**
 * The absolute path of a file below the package's `templates`, from the sources as from the
 * compiled `dist`. Errors: CurfewError `internal` where the package is damaged.
 */
export function templateFile(path: string, from: string = import.meta.dirname): string {
  const candidate = join(from, "templates", path);
  if (existsSync(candidate)) return candidate;
  const parent = dirname(from);
  if (parent === from) throw new CurfewError("internal", `there is no template ${path}`);
  return templateFile(path, parent);
}
