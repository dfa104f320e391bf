import { didYouMean, shown } from "../../core/text/nearest.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { KubeContext } from "../../model/access/kube.ts";
import { type LoadedKubeconfig, loadKubeconfig } from "./kubeconfig.ts";
import type { RawKubeconfig, RawUser } from "./kubeconfig-schema.ts";

/** A context with the file and the place of its user, as kubectl merges several files: the first one wins whole. */
export interface ChosenContext {
  readonly context: KubeContext;
  readonly loaded: LoadedKubeconfig;
  /** Among the users of that file. */
  readonly index: number;
  readonly user: RawUser;
  readonly cluster: NonNullable<NonNullable<RawKubeconfig["clusters"]>[number]["cluster"]>;
}

/** Errors: those of `loadKubeconfig`. */
export function loadAll(paths: readonly string[]): Promise<LoadedKubeconfig[]> {
  return Promise.all(paths.map((path) => loadKubeconfig(path)));
}

/** Every context once. */
export function allContexts(files: readonly LoadedKubeconfig[]): readonly KubeContext[] {
  const found = new Map<string, KubeContext>();
  for (const { kubeconfig } of files) {
    for (const context of kubeconfig.contexts) if (!found.has(context.name)) found.set(context.name, context);
  }
  return [...found.values()];
}

/** The context of that name, or the current one. Errors: CurfewError `usage` where there is none, or no user for it. */
export function chooseContext(files: readonly LoadedKubeconfig[], name: string | undefined): ChosenContext {
  const contexts = allContexts(files);
  const wanted =
    name ??
    files.map(({ kubeconfig }) => kubeconfig.currentContext).find((each) => each !== null && each !== "");
  if (wanted === undefined || wanted === null) {
    throw new CurfewError("usage", "no context was named, and the kubeconfig has no current-context");
  }
  const context = contexts.find((each) => each.name === wanted);
  if (context === undefined) {
    const guess = didYouMean(
      wanted,
      contexts.map((each) => each.name),
    );
    throw new CurfewError("usage", `there is no context ${shown(wanted)}${guess}`);
  }
  return { context, ...userOf(files, context), cluster: clusterOf(files, context) };
}

function userOf(
  files: readonly LoadedKubeconfig[],
  { name, user }: KubeContext,
): Omit<ChosenContext, "context" | "cluster"> {
  for (const loaded of files) {
    const index = (loaded.raw.users ?? []).findIndex((each) => each.name === user);
    const found = loaded.raw.users?.[index];
    if (found !== undefined) return { loaded, index, user: found.user ?? {} };
  }
  throw new CurfewError(
    "usage",
    `context ${shown(name)} names the user ${shown(user)}, which no kubeconfig has`,
  );
}

function clusterOf(files: readonly LoadedKubeconfig[], { cluster }: KubeContext): ChosenContext["cluster"] {
  const all = files.flatMap(({ raw }) => raw.clusters ?? []);
  return all.find((each) => each.name === cluster)?.cluster ?? {};
}
