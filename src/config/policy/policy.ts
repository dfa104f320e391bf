/**
 * The policy file in. Everything wrong in it is found here, before anything is contacted:
 * syntax, schema (model/policy/policy.ts), then what only the whole document shows (policy-checks.ts).
 */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { policySchema } from "./schema.ts";
import type { Policy } from "../../model/policy/policy.ts";
import type { BaselineChoice } from "../../model/policy/baseline.ts";
import { policyChecks } from "./policy-checks.ts";
import { issueProblems } from "./policy-issue.ts";
import { type Problem, inputError, problemLines } from "../problem.ts";
import { baselineChecks, namedBaselines } from "./baseline-checks.ts";
import { readTextFile } from "../text-file.ts";
import { type YamlText, parseYaml } from "../yaml-text.ts";

/** A policy as read. */
export interface LoadedPolicy {
  readonly policy: Policy;
  /** The baselines that it names; not yet taken into its limits (core/policy/apply-baseline.ts). */
  readonly baselines: readonly BaselineChoice[];
  /** sha256 (hex) of the policy with its defaults filled in: comments and order do not count. */
  readonly digest: string;
  /** The path as it was given. */
  readonly file: string;
  /** As it is written there, as data: defaults are not filled in, durations are words. */
  readonly written: unknown;
  /** What is allowed but probably not meant: lines `file:line:column: message`. */
  readonly warnings: readonly string[];
}

const LARGEST = 1024 * 1024;

/** As many as an honest file has; each more multiplies the size of the document. */
const MOST_ALIASES = 100;

/**
 * Reads a policy file. `now` is only for warnings about far-off expiry dates.
 * Errors: CurfewError `input` with every mistake of the file, one line each,
 * `file:line:column: what, the offending text, the nearest valid spelling`.
 */
export async function loadPolicy(path: string, now: Date = new Date()): Promise<LoadedPolicy> {
  const text = await readTextFile(path, { maxBytes: LARGEST, what: "policy" });
  return parsePolicy(path, text, now);
}

/** The same from text that is there already; `file` is for messages. Errors as loadPolicy. */
export function parsePolicy(file: string, text: string, now: Date): LoadedPolicy {
  const yaml = parseYaml(file, text);
  const named = namedBaselines(yaml);
  const [checked, limits] = [policyChecks(yaml, now), baselineChecks(yaml, named)];
  const errors = [...checked.errors, ...limits.errors];
  const written = plainData(yaml);
  const result = policySchema.safeParse(written);
  const problems = result.success ? errors : [...schemaProblems(yaml, result.error.issues), ...errors];
  if (!result.success || problems.length > 0) throw inputError(problems);
  const digest = createHash("sha256").update(canonical(result.data)).digest("hex");
  const baselines = named.map(({ baseline, hosts }) =>
    hosts === undefined ? { baseline } : { baseline, hosts },
  );
  const warnings = problemLines([...checked.warnings, ...limits.warnings]);
  return { policy: result.data, baselines, digest, file, written, warnings };
}

/**
 * What machines that share a schedule know its policy by: its name, or the path of one that cannot be read. `file`: the
 * working directory where none was given. Never rejects.
 */
export async function policyNameIn(file = ""): Promise<string> {
  const path = resolve(file);
  return loadPolicy(path).then(
    ({ policy }) => policy.name,
    () => path,
  );
}

/** The document as data. A few aliases inside each other can stand for gigabytes, so they are counted. */
function plainData({ document, positionOf }: YamlText): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch {
    const message = "the aliases in this file stand for too much, write the values out";
    throw inputError([{ position: positionOf(document.contents), message }]);
  }
}

function schemaProblems(yaml: YamlText, issues: Parameters<typeof issueProblems>[1][]): Problem[] {
  return issues.flatMap((issue) => issueProblems(yaml, issue));
}

/** JSON with every object's keys sorted, so that equal policies have equal digests. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
}
