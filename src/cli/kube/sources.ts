import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { type ChosenContext, chooseContext, loadAll } from "../../config/kube/merged.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { stateDirectory } from "../../store/file/xdg.ts";
import { gateDirectory } from "../../store/kube/gate-store.ts";
import type { Terminal } from "../terminal/terminal.ts";

/**
 * The files that kubectl would read: those of KUBECONFIG that are there, else ~/.kube/config.
 * Errors: CurfewError `usage` where there is none.
 */
export function kubeconfigPaths(environment: NodeJS.ProcessEnv): readonly string[] {
  const named = (environment["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  const home = environment["HOME"] ?? homedir();
  const all = named.length > 0 ? named : [join(home, ".kube", "config")];
  const found = [...new Set(all.map((path) => resolve(path)))].filter((path) => existsSync(path));
  if (found.length > 0) return found;
  throw new CurfewError("usage", `kubectl would read no kubeconfig: there is no ${all.join(", no ")}`, {
    hint: "name the files, or set KUBECONFIG",
  });
}

/** The context that was named, or kubectl's current one. Errors: CurfewError `usage`, `input`. */
export async function contextNamed(
  name: string | undefined,
  kubeconfig: string | undefined,
  terminal: Terminal,
): Promise<ChosenContext> {
  const paths = kubeconfig === undefined ? kubeconfigPaths(terminal.environment) : [resolve(kubeconfig)];
  return chooseContext(await loadAll(paths), name);
}

/** Where gates keep their state. */
export function directoryOf({ environment }: Pick<Terminal, "environment">): string {
  return gateDirectory(stateDirectory(environment, environment["HOME"] ?? homedir()));
}
