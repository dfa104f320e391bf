import { isMap } from "yaml";
import type { z } from "zod";
import { didYouMean, shown } from "../../core/text/nearest.ts";
import { visible } from "../../core/text/visible.ts";
import type { Problem } from "../problem.ts";
import { keyText, nodeAt, type YamlText } from "../yaml-text.ts";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** What zod found in a kubeconfig, at its place in the file. A value is never repeated: it may be a secret. */
export function kubeconfigProblems(yaml: YamlText, issue: Issue, schema: unknown): Problem[] {
  const { node, key, parent } = nodeAt(yaml, issue.path);
  if (issue.code === "unrecognized_keys") return unknownKeys(yaml, issue, node, schema);
  const name = labelOf(issue.path);
  if (node === undefined) {
    return [
      {
        position: yaml.positionOf(parent),
        message: `${labelOf(issue.path.slice(0, -1))} has no ${shown(key)}`,
      },
    ];
  }
  return [{ position: yaml.positionOf(node), message: `${name}: ${complaint(issue)}` }];
}

function unknownKeys(
  yaml: YamlText,
  issue: Issue & { code: "unrecognized_keys" },
  node: unknown,
  schema: unknown,
): Problem[] {
  const known = keysAt(schema, issue.path);
  const pairs = isMap(node) ? node.items : [];
  return issue.keys.map((key) => {
    const pair = pairs.find((each) => keyText(each) === key);
    const position = yaml.positionOf(pair?.key);
    if (key === "<<") {
      const message = `a merge key (<<) in ${labelOf(issue.path)}; write the values out, curfew does not read it as kubectl does`;
      return { position, message };
    }
    const message = `unknown key ${shown(key)} in ${labelOf(issue.path)}, kubectl would ignore it${didYouMean(key, known)}`;
    return { position, message };
  });
}

function complaint(issue: Issue): string {
  if (issue.code === "invalid_type") return `expected ${TYPES[issue.expected] ?? issue.expected}`;
  if (issue.code === "invalid_value") return `expected ${issue.values.map(String).join(", ")}`;
  if (issue.code === "invalid_union") return "expected true or false";
  if (issue.code === "too_small") return "is empty";
  return issue.code === "too_big" ? "is too long" : "is not what kubectl reads here";
}

const TYPES: Readonly<Record<string, string>> = {
  array: "a list",
  object: "a mapping",
  record: "a mapping",
  string: "text; put a number or a truth value in quotes",
};

function labelOf(path: Path): string {
  if (path.length === 0) return "the kubeconfig";
  const text = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
  return visible(text.replace(/^\./u, "").slice(0, 120));
}

interface Definition {
  readonly innerType?: unknown;
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly element?: unknown;
}

function keysAt(schema: unknown, path: Path): string[] {
  let at = unwrapped(schema);
  for (const step of path) at = unwrapped(at.element ?? at.shape?.[String(step)]);
  return Object.keys(at.shape ?? {});
}

function unwrapped(schema: unknown): Definition {
  const def = (schema as { readonly def?: Definition } | undefined)?.def ?? {};
  return def.innerType === undefined ? def : unwrapped(def.innerType);
}
