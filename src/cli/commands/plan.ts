import type { Command } from "commander";
import { planDocument } from "../../core/document.ts";
import { planOutcome, planVerdict } from "../../core/outcome.ts";
import type { Plan } from "../../model/plan.ts";
import { planText } from "../../report/plan-text.ts";
import { addHostOptions, addOutputOptions, addPolicyOption, type PolicyOptions } from "../args.ts";
import { type ExitCode, exitCodeOfVerdict } from "../exit.ts";
import { loadHosts, loadPolicyFor } from "../inputs.ts";
import type { Setting } from "../program.ts";
import { openRun } from "../run-context.ts";
import type { Terminal } from "../terminal.ts";

interface PlanOptions extends PolicyOptions {
  readonly policy: string;
  readonly output?: string;
}

const EXAMPLE = `
Example:
  curfew plan -p policy.yaml -i inventory.yaml -l web -o plan.json
  curfew apply plan.json

Exit codes: 0 nothing to change, 2 changes or failed findings, 3 a host cannot be judged.
`;

export function registerPlan(program: Command, { terminal, setExitCode }: Setting): void {
  const command = program.command("plan").summary("show what would change on each host");
  command.description("Reads every host, one login each, and shows what would change. Changes nothing.");
  addPolicyOption(command, true);
  addHostOptions(command, true);
  command.option("-o, --output <file>", "save the plan for curfew apply");
  addOutputOptions(command)
    .addHelpText("after", EXAMPLE)
    .action(async (options: PlanOptions) => setExitCode(await plan(options, terminal)));
}

async function plan(options: PlanOptions, terminal: Terminal): Promise<ExitCode> {
  const { planFleet } = await import("../../flow/plan.ts");
  const { hosts, inventory, source } = await loadHosts(options, terminal);
  const loaded = await loadPolicyFor(options.policy, inventory, options, terminal);
  const names = hosts.map(({ name }) => name);
  const run = await openRun("plan", names, options, terminal);
  const plans = await run.phase("plan", names, () =>
    planFleet({ policy: loaded.policy, hosts }, run.context),
  );
  const made: Plan = {
    schema: "curfew/plan/1",
    createdAt: run.context.now().toISOString(),
    policy: loaded.source,
    inventory: source,
    hosts: plans,
  };
  if (options.output !== undefined) {
    const { savePlan } = await import("../../store/plan-file.ts");
    await savePlan(options.output, made);
  }
  await run.journal.write("plan.json", planDocument(made));
  const view = { paint: terminal.outPaint, verbose: options.verbose === true };
  await terminal.out(options.json === true ? planDocument(made) : [planText(plans, view)]);
  const outcomes = plans.map((item) => ({ host: item.host, outcome: planOutcome(item) }));
  return run.finish(exitCodeOfVerdict(planVerdict(plans)), { schema: "curfew/plan-result/1" }, outcomes);
}
