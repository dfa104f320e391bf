import type { Command } from "commander";
import { didYouMean, shown } from "../../core/text/nearest.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Baseline } from "../../model/policy/baseline.ts";
import { addAnswerOptions, type AnswerOptions } from "../options/args.ts";
import type { Setting } from "../terminal/setting.ts";
import type { Terminal } from "../terminal/terminal.ts";

const EXAMPLE = `
Example:
  curfew profiles                    all of them
  curfew profiles stig-rhel9         its rules, numbers and references
  In a policy:  profile: stig-rhel9
`;

export function registerProfiles(program: Command, { terminal }: Setting): void {
  const command = program
    .command("profiles")
    .summary("list the compliance baselines, or show one")
    .description(
      "Lists the compliance baselines that a policy may name in profile:, or shows one with its rules.",
    )
    .argument("[name]", "the baseline to show");
  addAnswerOptions(command)
    .addHelpText("after", EXAMPLE)
    .action((name: string | undefined, options: AnswerOptions) => show(name, options, terminal));
}

async function show(name: string | undefined, { json }: AnswerOptions, terminal: Terminal): Promise<void> {
  const { loadBaselines } = await import("../../config/policy/baseline.ts");
  const all = loadBaselines();
  const chosen = name === undefined ? all : [baselineNamed(name, all)];
  if (json === true) return terminal.out([`${JSON.stringify(documentOf(chosen))}\n`]);
  const { baselinesText, baselineText } = await import("../../report/host/baselines-text.ts");
  const paint = terminal.outPaint;
  const texts =
    name === undefined ? [baselinesText(all, paint)] : chosen.map((each) => baselineText(each, paint));
  return terminal.page([...texts].join(""));
}

function baselineNamed(name: string, all: readonly Baseline[]): Baseline {
  const found = all.find(({ id }) => id === name);
  if (found !== undefined) return found;
  const names = all.map(({ id }) => id);
  throw new CurfewError("usage", `there is no profile ${shown(name)}${didYouMean(name, names)}`, {
    hint: `there are ${names.join(", ")}`,
  });
}

/** Each as its file has it, a rule's references with those that all rules go back to; limits in seconds. */
function documentOf(profiles: readonly Baseline[]): object {
  return {
    schema: "curfew/profiles/1",
    summary: { profiles: profiles.length },
    profiles: profiles.map(({ references, rules, ...profile }) => ({
      ...profile,
      rules: rules.map(({ references: own, ...rule }) => ({
        ...rule,
        references: [...new Set([...own, ...references])],
      })),
    })),
  };
}
