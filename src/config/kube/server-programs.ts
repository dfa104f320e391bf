import { isMap, isScalar, isSeq, type Node } from "yaml";
import type {
  AuthenticationFile,
  ServerProgram,
  ServerSetting,
  TokenIssuer,
} from "../../model/access/kube-server.ts";
import { inputError } from "../problem.ts";
import { keyText, scalarText, type YamlText } from "../yaml-text.ts";

/** One object of a file. */
export interface ServerNode {
  readonly yaml: YamlText;
  readonly node: Node;
  readonly kind: string;
  readonly kindNode: Node | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

const PROGRAM = /(?:^|\/)(kube-apiserver|kube-controller-manager)$/u;

/** The flags of the container that runs a program of the control plane; undefined where none does. */
export function podPart({ yaml, node }: ServerNode): ServerProgram | undefined {
  const containers = below(yaml, node, ["spec", "containers"]);
  for (const container of isSeq(containers) ? containers.items : []) {
    const words = ["command", "args"].flatMap((key) =>
      wordsOf(yaml, below(yaml, yaml.resolve(container), [key])),
    );
    const program = words.map(({ value }) => PROGRAM.exec(value)?.[1]).find((name) => name !== undefined);
    if (program === undefined) continue;
    const kind = program as "kube-apiserver" | "kube-controller-manager";
    return { kind, at: yaml.positionOf(node), settings: flagsOf(words) };
  }
  return undefined;
}

/** `--name=value`, `--name value`, and `--name` alone, which is true; underscores are dashes (k8s.io/component-base). */
function flagsOf(words: readonly ServerSetting[]): ServerSetting[] {
  return words.flatMap(({ value: word, at }, index) => {
    const found = /^--?([A-Za-z][\w-]*)(?:=(.*))?$/su.exec(word);
    if (found === null) return [];
    const [, name = "", own] = found;
    const next = words[index + 1]?.value ?? "-";
    const value = own ?? (next.startsWith("-") ? "true" : next);
    return [{ name: `--${name.replaceAll("_", "-")}`, value, isText: true, at }];
  });
}

/** Every key with a value, its names joined by dots. */
export function kubeletPart({ yaml, node }: ServerNode): ServerProgram {
  const settings: ServerSetting[] = [];
  const walk = (at: unknown, path: readonly string[]): void => {
    if (!isMap(at)) return;
    for (const pair of at.items) {
      const value = yaml.resolve(pair.value);
      const names = [...path, keyText(pair)];
      if (isMap(value) && names.length < 8) walk(value, names);
      if (!isScalar(value)) continue;
      const position = yaml.positionOf(pair.key);
      const isText = typeof value.value === "string";
      settings.push({ name: names.join("."), value: textOf(value), isText, at: position });
    }
  };
  walk(node, []);
  return { kind: "kubelet", at: yaml.positionOf(node), settings };
}

/** Errors: CurfewError `input` for what the API server would refuse to start with. */
export function issuersOf({ yaml, node }: ServerNode): AuthenticationFile {
  const refuse = (at: unknown, message: string) => inputError([{ position: yaml.positionOf(at), message }]);
  const jwt = below(yaml, node, ["jwt"]);
  if (jwt !== undefined && !isSeq(jwt) && textOf(jwt) !== "") throw refuse(jwt, "jwt: expected a list");
  const issuers = (isSeq(jwt) ? jwt.items : []).map((each, index): TokenIssuer => {
    const entry = yaml.resolve(each);
    const url = below(yaml, entry, ["issuer", "url"]);
    if (!isMap(entry)) throw refuse(entry, `jwt[${index}]: expected a mapping`);
    const rules = below(yaml, entry, ["claimValidationRules"]);
    if (rules !== undefined && !isSeq(rules) && textOf(rules) !== "")
      throw refuse(rules, `jwt[${index}].claimValidationRules: expected a list`);
    const expressions = (isSeq(rules) ? rules.items : []).flatMap((rule) => {
      const expression = below(yaml, yaml.resolve(rule), ["expression"]);
      return expression === undefined ? [] : wordsOf(yaml, expression);
    });
    return { url: textOf(url) || `jwt[${index}]`, at: yaml.positionOf(entry), rules: expressions };
  });
  return { kind: "authentication", at: yaml.positionOf(node), issuers };
}

function below(yaml: YamlText, from: unknown, path: readonly string[]): Node | undefined {
  let node = from as Node | undefined;
  for (const key of path) {
    if (!isMap(node)) return undefined;
    node = yaml.resolve(node.items.find((pair) => keyText(pair) === key)?.value);
  }
  return node;
}

/** The scalars of a list, or one alone. */
function wordsOf(yaml: YamlText, node: Node | undefined): ServerSetting[] {
  const items = isSeq(node) ? node.items.map((item) => yaml.resolve(item)) : [node];
  return items.flatMap((item) => {
    if (!isScalar(item)) return [];
    const isText = typeof item.value === "string";
    return [{ name: "", value: textOf(item), isText, at: yaml.positionOf(item) }];
  });
}

function textOf(node: unknown): string {
  return scalarText(node) ?? (isScalar(node) ? String(node.value ?? "") : "");
}
