/**
 * A kubeconfig in: read as strictly as the policy, every mistake with its place, none with a value. What it names (a
 * token file, a certificate) is looked at for its mode and its time, and forgotten.
 */
import { stat } from "node:fs/promises";
import { isMap, isSeq } from "yaml";
import { shown } from "../../core/text/nearest.ts";
import type { SourcePosition } from "../../model/inventory/host.ts";
import type { KubeCluster, KubeContext, Kubeconfig, KubeUser } from "../../model/access/kube.ts";
import { inputError, type Problem } from "../problem.ts";
import { readTextFile } from "../text-file.ts";
import { parseYaml, scalarText, type YamlText, nodeAt } from "../yaml-text.ts";
import { credentialsOf } from "./credentials.ts";
import { MASTERS } from "../../core/people/credential-life.ts";
import { kubeconfigProblems } from "./kubeconfig-issue.ts";
import { kubeconfigSchema, type RawKubeconfig } from "./kubeconfig-schema.ts";

/** As read, with the text and the tree, for who edits it. */
export interface LoadedKubeconfig {
  readonly kubeconfig: Kubeconfig;
  readonly raw: RawKubeconfig;
  readonly yaml: YamlText;
  readonly text: string;
}

/** A hundred clusters with their certificates are a tenth of it. */
const LARGEST = 4 * 1024 * 1024;
const HINT = "a kubeconfig is YAML with apiVersion: v1 and kind: Config, as kubectl config view prints it";

/** Errors: CurfewError `input` with every mistake of the file, one line each. */
export async function loadKubeconfig(path: string): Promise<LoadedKubeconfig> {
  const text = await readTextFile(path, { maxBytes: LARGEST, what: "kubeconfig" });
  refuseOtherLines(path, text);
  const yaml = parsed(path, text);
  const raw = checked(yaml, path);
  const { mode, uid } = await stat(path);
  const file = { path, mode: mode & 0o7777, uid };
  return { kubeconfig: { file, ...(await partsOf(raw, yaml, path)) }, raw, yaml, text };
}

/**
 * kubectl ends lines at these as well (YAML 1.1; seen with kubectl 1.32), YAML 1.2 does not: what is a comment here may be a
 * token there. Errors: CurfewError `input`.
 */
function refuseOtherLines(path: string, text: string): void {
  const found = /\r(?!\n)|[\u0085\u2028\u2029]/u.exec(text);
  if (found === null) return;
  const before = text.slice(0, found.index).split("\n");
  const position = { file: path, line: before.length, column: (before.at(-1) ?? "").length + 1 };
  const message = "a character that ends a line for kubectl and not for others; remove it";
  throw inputError([{ position, message }], HINT);
}

function parsed(path: string, text: string): YamlText {
  try {
    return parseYaml(path, text, { quotes: false });
  } catch (error) {
    if (error instanceof Error && "problems" in error) {
      throw inputError((error as unknown as { problems: readonly Problem[] }).problems, HINT);
    }
    throw error;
  }
}

function checked(yaml: YamlText, path: string): RawKubeconfig {
  const root = yaml.resolve(yaml.document.contents);
  const refuse = (message: string, at: unknown = root) =>
    inputError([{ position: yaml.positionOf(at), message }], HINT);
  if (!isMap(root)) throw refuse("this is not a kubeconfig");
  const kind = nodeAt(yaml, ["kind"]).node;
  const word = scalarText(kind);
  if (kind !== undefined && word !== "Config")
    throw refuse(`this is ${kindName(word)}, not a kubeconfig`, kind);
  const parts = ["clusters", "users", "contexts"].filter((key) => nodeAt(yaml, [key]).node !== undefined);
  if (kind === undefined && parts.length === 0) throw refuse("this is not a kubeconfig");
  const data = yaml.plain(root);
  if (data === undefined) throw refuse("the aliases in this file stand for too much, write the values out");
  const result = kubeconfigSchema.safeParse(data);
  if (!result.success) {
    throw inputError(
      result.error.issues.flatMap((issue) => kubeconfigProblems(yaml, issue, kubeconfigSchema)),
    );
  }
  const twice = sameNames(yaml, result.data, path);
  if (twice.length > 0) throw inputError(twice);
  return result.data;
}

function kindName(word: string | undefined): string {
  return word === undefined ? "something else" : `of the kind ${shown(word)}`;
}

/** kubectl refuses the file: `duplicate name "x" in list`. */
function sameNames(yaml: YamlText, raw: RawKubeconfig, _path: string): Problem[] {
  return (["clusters", "users", "contexts"] as const).flatMap((list) => {
    const names = (raw[list] ?? []).map(({ name }) => name);
    return names.flatMap((name, index) => {
      if (names.indexOf(name) === index) return [];
      const position = yaml.positionOf(nodeAt(yaml, [list, index]).node);
      return [
        { position, message: `a second entry of ${list} is called ${shown(name)}, which kubectl refuses` },
      ];
    });
  });
}

async function partsOf(raw: RawKubeconfig, yaml: YamlText, path: string): Promise<Omit<Kubeconfig, "file">> {
  const at = (...steps: readonly PropertyKey[]): SourcePosition => yaml.positionOf(nodeAt(yaml, steps).node);
  const contexts = (raw.contexts ?? []).map(({ name, context }, index): KubeContext => ({
    name,
    at: at("contexts", index),
    cluster: context?.cluster ?? "",
    user: context?.user ?? "",
  }));
  const users: KubeUser[] = [];
  for (const [index, { name, user }] of (raw.users ?? []).entries()) {
    const place = (key: string) => keyPosition(yaml, ["users", index, "user"], key);
    users.push({
      name,
      at: at("users", index),
      credentials: await credentialsOf(user ?? {}, path, place),
      ...(user?.["as-groups"]?.includes(MASTERS) === true ? { mastersAt: place("as-groups") } : {}),
      contexts: contexts.filter((context) => context.user === name).map((context) => context.name),
    });
  }
  const clusters = (raw.clusters ?? []).map((each, index) => clusterOf(each, index, yaml, at));
  return { currentContext: raw["current-context"] ?? null, users, clusters, contexts };
}

function clusterOf(
  { name, cluster }: NonNullable<RawKubeconfig["clusters"]>[number],
  index: number,
  yaml: YamlText,
  at: (...steps: readonly PropertyKey[]) => SourcePosition,
): KubeCluster {
  const place = (key: string) => keyPosition(yaml, ["clusters", index, "cluster"], key);
  const server = cluster?.server ?? null;
  const plain = server !== null && !/^https:\/\//iu.test(server) && server !== "";
  return {
    name,
    at: at("clusters", index),
    server: server === null ? null : withoutPassword(server),
    insecureAt: cluster?.["insecure-skip-tls-verify"] === true ? place("insecure-skip-tls-verify") : null,
    plainAt: plain ? place("server") : null,
  };
}

/** `https://user:pa@ss/word@host?key=…`: what stands before the last @, or behind a question mark, may be a secret. */
function withoutPassword(server: string): string {
  return server.replace(/[?#].*$/su, "").replace(/^([A-Za-z]+:\/\/)?.*@/su, "$1");
}

/** Where a key stands, not its value: what is found is said there. */
function keyPosition(yaml: YamlText, path: readonly PropertyKey[], key: string): SourcePosition {
  const { node } = nodeAt(yaml, path);
  const pair = isMap(node) ? node.items.find((each) => scalarText(each.key) === key) : undefined;
  return yaml.positionOf(pair?.key ?? (isSeq(node) ? undefined : node));
}
