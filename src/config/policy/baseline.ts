/** The built-in compliance baselines, `templates/profiles/NAME.yaml`. */
import { readFileSync } from "node:fs";
import { templateFile } from "../../template/template-file.ts";
import { BASELINE_NAMES, type BaselineName } from "../../model/policy/baseline-name.ts";
import { type Baseline, baselineSchema } from "../../model/policy/baseline.ts";
import { issueProblems } from "./policy-issue.ts";
import { type Problem, inputError } from "../problem.ts";
import { parseYaml } from "../yaml-text.ts";

/** A built-in baseline. Errors as `parseBaseline`, were a file of the package damaged. */
export function loadBaseline(name: BaselineName): Baseline {
  const file = templateFile(`profiles/${name}.yaml`);
  return parseBaseline(file, readFileSync(file, "utf8"));
}

/** Every built-in baseline, by name. */
export function loadBaselines(): Baseline[] {
  return BASELINE_NAMES.map(loadBaseline);
}

/**
 * A baseline from its text; `file` is for messages.
 * Errors: CurfewError `input`, one line `file:line:column: …` per mistake.
 */
export function parseBaseline(file: string, text: string): Baseline {
  const yaml = parseYaml(file, text);
  const result = baselineSchema.safeParse(yaml.document.toJS({ maxAliasCount: 0 }));
  if (!result.success) {
    const form = { schema: baselineSchema, name: "the profile" };
    throw inputError(result.error.issues.flatMap((issue) => issueProblems(yaml, issue, form)));
  }
  const problems = strangers(result.data).map((message): Problem => ({
    position: yaml.positionOf(yaml.document.contents),
    message,
  }));
  if (problems.length > 0) throw inputError(problems);
  return result.data;
}

/** Rules for systems that the profile does not know would apply nowhere. */
function strangers({ systems, rules }: Baseline): string[] {
  const known = new Set(systems.map(({ name }) => name));
  return rules.flatMap(({ id, systems: own = [] }) =>
    own.filter((name) => !known.has(name)).map((name) => `rule ${id}: there is no system called ${name}`),
  );
}
