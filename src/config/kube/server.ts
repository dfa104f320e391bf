/**
 * Files of a cluster's own side in: static pods, a kubelet's configuration, an AuthenticationConfiguration, and RBAC as
 * kubectl prints it. What is none of these is refused with its place and without a word of what is in it.
 */
import { isMap, isSeq } from "yaml";
import { shown } from "../../core/text/nearest.ts";
import type { ServerFile, ServerPart } from "../../model/access/kube-server.ts";
import { inputError, type Problem } from "../problem.ts";
import { decodeText, readTextFile } from "../text-file.ts";
import { findPair, parseYamlStream, scalarText, type YamlText } from "../yaml-text.ts";
import { issuersOf, kubeletPart, podPart, type ServerNode } from "./server-programs.ts";
import { rbacPart } from "./server-rbac.ts";

/** The RBAC of a large cluster is some megabytes. */
const FORM = { maxBytes: 16 * 1024 * 1024, what: "cluster file" };
const STDIN = "standard input";
const HINT =
  "give static pods (kube-apiserver.yaml), a KubeletConfiguration, an AuthenticationConfiguration, or RBAC of kubectl get … -o json";

/** `-` is standard input. Errors: CurfewError `input`. */
export async function loadServerFile(path: string, input: () => Promise<string>): Promise<ServerFile> {
  if (path !== "-") return parseServerFile(path, await readTextFile(path, FORM));
  const text = await input();
  const position = { file: STDIN };
  if (text.length > FORM.maxBytes)
    throw inputError([{ position, message: `the ${FORM.what} is larger than 16384 KiB` }]);
  return parseServerFile(STDIN, decodeText(STDIN, Buffer.from(text), FORM));
}

function parseServerFile(path: string, text: string): ServerFile {
  const documents = parsed(path, text);
  const nodes = documents.flatMap((yaml) => objectsOf(yaml, yaml.resolve(yaml.document.contents)));
  const rbac = nodes.filter(({ kind }) => kind in RBAC_KINDS);
  const others = nodes.filter(({ kind }) => !(kind in RBAC_KINDS)).map(partOf);
  const parts = rbac.length === 0 ? others : [...others, rbacPart(rbac)];
  if (parts.length > 0) return { path, parts };
  const position = { file: path, line: 1, column: 1 };
  throw inputError([{ position, message: "there is no object in this file" }], HINT);
}

function parsed(path: string, text: string): readonly YamlText[] {
  try {
    return parseYamlStream(path, text, { quotes: false });
  } catch (error) {
    if (!(error instanceof Error) || !("problems" in error)) throw error;
    throw inputError((error as unknown as { problems: readonly Problem[] }).problems, HINT);
  }
}

const RBAC_KINDS = { ClusterRole: 1, Role: 1, ClusterRoleBinding: 1, RoleBinding: 1 };
const LISTS = new Set(["List", ...Object.keys(RBAC_KINDS).map((kind) => `${kind}List`)]);

/** The objects of a document: itself, or those of a list. Errors: CurfewError `input`. */
function objectsOf(yaml: YamlText, node: unknown, from = ""): ServerNode[] {
  const refuse = (message: string, at: unknown = node) =>
    inputError([{ position: yaml.positionOf(at), message }], HINT);
  if (node === undefined || (scalarText(node) ?? "x") === "") return [];
  if (!isMap(node)) throw refuse("this is not an object of Kubernetes");
  const kindNode = yaml.resolve(findPair(node, "kind")?.value);
  const kind = scalarText(kindNode) ?? from;
  if (LISTS.has(kind)) {
    const items = yaml.resolve(findPair(node, "items")?.value);
    if (!isSeq(items)) throw refuse(`this ${kind} has no list of items`);
    const each = kind === "List" ? "" : kind.slice(0, -4);
    return items.items.flatMap((item) => objectsOf(yaml, yaml.resolve(item), each));
  }
  if (kind === "") throw refuse("this is not an object of Kubernetes: it has no kind");
  const data = yaml.plain(node);
  if (data === undefined) throw refuse("the aliases in this file stand for too much, write the values out");
  return [{ yaml, node, kind, kindNode, data: data as Record<string, unknown> }];
}

function partOf(object: ServerNode): ServerPart {
  const { yaml, kind, kindNode, node } = object;
  const found =
    kind === "Pod"
      ? podPart(object)
      : kind === "KubeletConfiguration"
        ? kubeletPart(object)
        : kind === "AuthenticationConfiguration"
          ? issuersOf(object)
          : undefined;
  if (found !== undefined) return found;
  const message =
    kind === "Pod"
      ? "this pod runs neither kube-apiserver nor kube-controller-manager"
      : `this is of the kind ${shown(kind)}; it was not read`;
  throw inputError([{ position: yaml.positionOf(kindNode ?? node), message }], HINT);
}
