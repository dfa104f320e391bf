/** Files that a distribution's own start-up files source for changes of the administrator's. Pure. */
import type { Facts, FileFact } from "../../model/facts/facts.ts";
import { SHELL_HOOKS } from "../../model/inventory/host-paths.ts";

/** Where one of these files sources its hook. */
export interface ShellHook {
  readonly hook: string;
  /** The file that does: the one in /etc, or the vendor's own. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** The hook of a start-up file in /etc, where it or the vendor's file of that name sources one. */
export function shellHook(path: string, { files }: Pick<Facts, "files">): ShellHook | undefined {
  const hook = SHELL_HOOKS[path];
  if (hook === undefined) return undefined;
  for (const file of [path, `/usr${path}`]) {
    const line = sourcingLine(
      files.find((each) => each.path === file),
      hook,
    );
    if (line > 0) return { hook, file, line };
  }
  return undefined;
}

/** Where the name of another file stands outside of the comments; 0: nowhere. */
function sourcingLine(file: FileFact | undefined, hook: string): number {
  if (file?.state.state !== "known") return 0;
  const lines = file.state.value.content.split("\n");
  return lines.findIndex((line) => !/^\s*#/u.test(line) && line.split(/[\s;"']+/u).includes(hook)) + 1;
}
