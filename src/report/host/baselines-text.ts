/** Compliance baselines for people: the list, and one with its rules. */
import { relationText } from "../../core/policy/baseline-rules.ts";
import { formatDuration } from "../../model/terms/duration.ts";
import type { Baseline, BaselineRule, Relation } from "../../model/policy/baseline.ts";
import { table } from "../layout/columns.ts";
import type { Paint } from "../layout/paint.ts";

/** One line per baseline: its name, title, release, and the numbers of its rules. */
export function baselinesText(profiles: readonly Baseline[], paint: Paint): string {
  const rows = profiles.map(({ id, title, version, systems, rules }) => [
    paint.bold(id),
    title,
    // One release for each of several systems would not fit; `curfew profiles NAME` has it.
    systems.length > 1 ? "" : version,
    numbersText(rules),
  ]);
  return `${table(rows).join("\n")}\n`;
}

/** One baseline with its limits and everything its rules say. */
export function baselineText(baseline: Baseline, paint: Paint): string {
  const { id, title, version, systems, limits, uniform, references } = baseline;
  const [idle, unresponsive] = [limits.client_idle_timeout, limits.unresponsive_timeout].map(formatDuration);
  return [
    `${paint.bold(id)}  ${title}, ${version}`,
    `For ${systems.length === 0 ? "every system" : systems.map(({ name }) => name).join(", ")}.`,
    "",
    `client_idle_timeout   at most ${idle}, which holds where the policy names none`,
    `unresponsive_timeout  at most ${unresponsive}, likewise`,
    ...(uniform
      ? ["ClientAlive           one value for everybody; roles differ in the other mechanisms"]
      : []),
    "",
    ...baseline.rules.flatMap((rule) => ruleLines(rule, paint)),
    `All rules: ${references.join(", ")}`,
    "",
  ].join("\n");
}

function numbersText(rules: readonly BaselineRule[]): string {
  const first = new Map(rules.flatMap(({ requires }) => Object.entries(requires)).toReversed());
  const settings = new Set(rules.flatMap(({ requires }) => Object.keys(requires)));
  return [...settings]
    .flatMap((setting) => {
      const relation = first.get(setting);
      return relation === undefined ? [] : [`${setting} ${symbols(relation)}`];
    })
    .join(", ");
}

function symbols({ "at-most": most, "more-than": least, equals }: Relation): string {
  if (equals !== undefined) return `= ${equals}`;
  return most === undefined ? `> ${least ?? 0}` : `<= ${most}`;
}

function ruleLines(rule: BaselineRule, paint: Paint): string[] {
  const { id, title, severity, systems, since, requires, references } = rule;
  const where = [
    ...(systems === undefined ? [] : [systems.join(", ")]),
    ...(since === undefined ? [] : [`from ${since}`]),
  ].join(" ");
  const asked = Object.entries(requires).map(
    ([setting, relation]) => `  ${setting}: ${relationText(relation)}`,
  );
  return [
    `${paint.bold(id)}  ${severity}${where === "" ? "" : `  (${where})`}`,
    `  ${title}`,
    ...asked,
    ...(references.length === 0 ? [] : [`  ${references.join(", ")}`]),
    "",
  ];
}
