/** Commands: one file each, from options to a use case and from its result to text and exit code. */
import type { Command } from "commander";
import { planDocument, planRecord } from "../../core/verdict/document.ts";
import { planVerdict } from "../../core/verdict/outcome.ts";
import { plannedElsewhere } from "../../flow/shared/elsewhere.ts";
import type { Plan } from "../../model/change/plan.ts";
import { planText } from "../../report/host/plan-text.ts";
import { addHostOptions, addOutputOptions, addPolicyOption, type PolicyOptions } from "../options/args.ts";
import { addQueueOption, refuseUnshared, type SharedOptions } from "../options/shared-options.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { loadHosts, loadPolicyFor } from "../options/inputs.ts";
import type { Setting } from "../terminal/setting.ts";
import { withRun } from "../progress/run-context.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { refuseForWorkers, withWorkers } from "../shared/workers.ts";
import { refuseUnwritableFile } from "../options/writable.ts";

interface PlanOptions extends PolicyOptions, SharedOptions {
  readonly output?: string;
}

const EXAMPLE = `
Example:
  curfew plan -p policy.yaml -i inventory.yaml -l web -o plan.json
  curfew apply plan.json

Exit codes: 0 nothing to change, 2 something would change, 3 a host cannot be judged.
`;

export function registerPlan(program: Command, { terminal, setExitCode }: Setting): void {
  const command = program.command("plan").summary("show what would change on each host");
  command.description("Reads every host, one login each, and shows what would change. Changes nothing.");
  addPolicyOption(command);
  addHostOptions(command);
  command.option("-o, --output <file>", "save the plan for curfew apply");
  addOutputOptions(addQueueOption(command))
    .addHelpText("after", EXAMPLE)
    .action(async (options: PlanOptions) => {
      refuseUnshared(options, command, true);
      setExitCode(await plan(options, terminal));
    });
}

async function plan(options: PlanOptions, terminal: Terminal): Promise<ExitCode> {
  if (options.output !== undefined) refuseUnwritableFile(options.output);
  const chosen = await loadHosts(options, terminal);
  const { hosts, inventory, source } = chosen;
  const loaded = await loadPolicyFor(options.policy, inventory, options, terminal);
  const { policy, source: policySource } = loaded;
  const names = hosts.map(({ name }) => name);
  const request = { chosen, loaded, work: WORK, options, terminal };
  await refuseForWorkers(request);
  return withRun({ command: "plan", hosts, options, terminal }, async (run) => {
    const { planFleet } = await import("../../flow/plan.ts");
    const plans = await run.phase("plan", names, () =>
      withWorkers(request, run, undefined, (workers) =>
        planFleet(
          { policy, hosts },
          run.context,
          workers && ((host) => plannedElsewhere(workers.coordination, host)),
        ),
      ),
    );
    const createdAt = run.context.now().toISOString();
    const made: Plan = {
      schema: "curfew/plan/1",
      createdAt,
      policy: policySource,
      inventory: source,
      hosts: plans,
    };
    if (options.output !== undefined) await save(options.output, made);
    return {
      verdict: planVerdict(plans),
      document: () => planDocument(made),
      record: () => planRecord(made),
      text: (view) => planText(plans, view),
    };
  });
}

/** What workers are asked. */
const WORK = { kind: "plan", sessions: [], verify: false } as const;

async function save(file: string, made: Plan): Promise<void> {
  const { savePlan } = await import("../../store/run/plan-file.ts");
  await savePlan(file, made);
}
