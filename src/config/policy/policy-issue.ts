/** What zod found, said in the words and at the places of the file. */
import { isMap, isScalar, isSeq } from "yaml";
import type { z } from "zod";
import { didYouMean, shown } from "../../core/text/nearest.ts";
import { policySchema } from "./schema.ts";
import type { FailedLoginsPolicy, KubernetesPolicy, Policy } from "../../model/policy/policy.ts";
import { durationAdvice } from "./duration-advice.ts";
import type { Problem } from "../problem.ts";
import { type YamlText, findPair, keyText, nodeAt, scalarText } from "../yaml-text.ts";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** The schema that a file was held against, and what the whole file is called. */
export interface FileForm {
  readonly schema: unknown;
  readonly name: string;
  /** What may stand where the schema has a union; by the key there, where it has several. */
  readonly union?: string;
  readonly unions?: Readonly<Record<string, string>>;
}

const POLICY: FileForm = {
  schema: policySchema,
  name: "the policy",
  unions: {
    controls: "the word all or a list of controls",
    profile: "the name of a profile, or a list of names and of mappings with name and hosts",
  },
};

/** The problems behind one issue: unknown keys point at the key, wrong values at the value. */
export function issueProblems(yaml: YamlText, issue: Issue, form: FileForm = POLICY): Problem[] {
  if (issue.code === "unrecognized_keys") return unknownKeys(yaml, issue.path, issue.keys, form);
  if (issue.code === "invalid_union") return unionProblems(yaml, issue, form);
  const { node, parent, key } = nodeAt(yaml, issue.path);
  if (issue.code === "invalid_key") return [badKey(yaml, issue, parent, form)];
  if (node === undefined && parent !== undefined) {
    const message = `${label(issue.path.slice(0, -1), form)} has no ${shown(key)}`;
    return [{ position: yaml.positionOf(parent), message }];
  }
  const message = `${label(issue.path, form)}: ${complaint(issue, node)}`;
  return [{ position: yaml.positionOf(node), message }];
}

/** The durations of a policy, by field name. */
const DURATION_FIELDS: readonly string[] = [
  "client_idle_timeout",
  "unresponsive_timeout",
  "warn_before",
  "session_idle_timeout",
  "session_max",
  "window",
  "look_back",
] satisfies (keyof Policy["defaults"] | keyof KubernetesPolicy | keyof FailedLoginsPolicy)[];

function unknownKeys(yaml: YamlText, path: Path, keys: readonly string[], form: FileForm): Problem[] {
  const { node } = nodeAt(yaml, path);
  const pairs = new Map(isMap(node) ? node.items.map((pair) => [keyText(pair), pair]) : []);
  const known = knownKeys(path, form);
  return keys.map((key) => {
    const message = `unknown key ${shown(key)} in ${label(path, form)}${didYouMean(key, known)}`;
    return { position: yaml.positionOf(pairs.get(key)?.key), message };
  });
}

/** Told as what stands there was meant: a list as a list, one of several words as a word. */
function unionProblems(yaml: YamlText, issue: Issue & { code: "invalid_union" }, form: FileForm): Problem[] {
  const { node } = nodeAt(yaml, issue.path);
  const branch = issue.errors.find((inner) => isMeant(inner, node));
  if (branch !== undefined) {
    return branch.flatMap((inner) =>
      issueProblems(yaml, { ...inner, path: [...issue.path, ...inner.path] }, form),
    );
  }
  const message = `${label(issue.path, form)}: expected ${unionText(issue.path, form)}, found ${found(node)}`;
  return [{ position: yaml.positionOf(node), message }];
}

function unionText(path: Path, { union, unions = {} }: FileForm): string {
  const key = path.findLast((step) => typeof step === "string") ?? "";
  return unions[key] ?? union ?? "another value";
}

/** Whether this form of a union is the one that somebody tried to write. */
function isMeant(issues: readonly Issue[], node: unknown): boolean {
  const own = issues.filter(({ path }) => path.length === 0);
  if (isMap(node) || isSeq(node)) {
    return own.every(({ code }) => code !== "invalid_type" && code !== "invalid_value");
  }
  return own.some((issue) => issue.code === "invalid_value" && issue.values.length > 1);
}

function badKey(
  yaml: YamlText,
  issue: Issue & { code: "invalid_key" },
  parent: unknown,
  form: FileForm,
): Problem {
  const key = String(issue.path.at(-1));
  const pair = isMap(parent) ? findPair(parent, key) : undefined;
  const reason = issue.issues[0]?.message ?? issue.message;
  return {
    position: yaml.positionOf(pair?.key),
    message: `${label(issue.path.slice(0, -1), form)}: ${shown(key)}: ${reason}`,
  };
}

function complaint(issue: Issue, node: unknown): string {
  const advice = DURATION_FIELDS.includes(String(issue.path.at(-1))) ? durationAdvice(scalarText(node)) : "";
  if (issue.code === "invalid_type")
    return `expected ${typeName(issue.expected)}, found ${found(node)}${advice || typeAdvice(issue.expected, node)}`;
  if (issue.code === "invalid_value") {
    const values = issue.values.map(String);
    return `${found(node)} is none of ${values.join(", ")}${didYouMean(scalarText(node) ?? "", values)}`;
  }
  if (issue.code === "too_small" && NUMBERS.has(issue.origin))
    return `${found(node)} is less than ${String(issue.minimum)}`;
  if (issue.code === "too_big" && NUMBERS.has(issue.origin))
    return `${found(node)} is more than ${String(issue.maximum)}`;
  if (issue.code === "too_small")
    return issue.origin === "string" ? "is empty" : `needs at least ${String(issue.minimum)} entry`;
  if (issue.code === "too_big") return `is longer than ${String(issue.maximum)} characters`;
  if (issue.code === "invalid_format" && issue.format === "date") {
    return `${found(node)} is not a date that exists, write it as 2027-01-31`;
  }
  return `${found(node)}: ${issue.message}${advice}`;
}

const NUMBERS: ReadonlySet<string> = new Set(["number", "int"]);

function typeName(expected: string): string {
  const names: Record<string, string> = {
    int: "a whole number",
    number: "a number",
    array: "a list",
    object: "a mapping",
    record: "a mapping",
    string: "text",
  };
  return names[expected] ?? expected;
}

/** How to write what was meant, where that is plain. */
function typeAdvice(expected: string, node: unknown): string {
  const text = scalarText(node);
  if (text === undefined || text === "" || text === "null" || text === "~") {
    return isScalar(node) ? ", remove the key or give it a value" : "";
  }
  if (NUMBERS.has(expected) && /^\d{1,9}$/u.test(text)) return `, write ${text} without quotes`;
  if (expected === "array") return `, write [${text}]`;
  return expected === "string" ? `, write "${text}" in quotes` : "";
}

function found(node: unknown): string {
  if (isMap(node)) return "a mapping";
  if (isSeq(node)) return "a list";
  if (!isScalar(node) || node.value === null) return "nothing";
  const text = scalarText(node) ?? "";
  return typeof node.value === "string" ? shown(text) : `the ${typeof node.value} ${text}`;
}

/** `roles.vendor.groups[1]`; the whole file has a name of its own. */
function label(path: Path, { name }: FileForm): string {
  if (path.length === 0) return name;
  const text = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
  return shown(text.slice(1)).slice(1, -1);
}

/** The keys that the schema allows at a path. */
function knownKeys(path: Path, form: FileForm): string[] {
  let { schema } = form;
  for (const step of path) schema = descend(unwrap(schema), step);
  return Object.keys(shapeOf(unwrap(schema)) ?? {});
}

interface Definition {
  readonly innerType?: unknown;
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly element?: unknown;
  readonly valueType?: unknown;
  readonly options?: readonly unknown[];
}

function definition(schema: unknown): Definition {
  return (schema as { readonly def?: Definition } | undefined)?.def ?? {};
}

function unwrap(schema: unknown): unknown {
  const { innerType } = definition(schema);
  return innerType === undefined ? schema : unwrap(innerType);
}

function shapeOf(schema: unknown): Definition["shape"] {
  const { shape, options = [] } = definition(schema);
  return shape ?? options.map((option) => shapeOf(unwrap(option))).find((each) => each !== undefined);
}

function descend(schema: unknown, step: PropertyKey): unknown {
  const { element, valueType, shape, options = [] } = definition(schema);
  const next = element ?? valueType ?? shape?.[String(step)];
  return next ?? options.map((option) => descend(unwrap(option), step)).find((each) => each !== undefined);
}
