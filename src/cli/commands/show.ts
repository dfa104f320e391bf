import type { Command } from "commander";
import { planDocument } from "../../core/verdict/document.ts";
import { planText } from "../../report/host/plan-text.ts";
import { visible } from "../../core/text/visible.ts";
import type { Plan } from "../../model/change/plan.ts";
import { addAnswerOptions, type AnswerOptions } from "../options/args.ts";
import type { Setting } from "../terminal/setting.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { fitted } from "../terminal/fitted.ts";

interface ShowOptions extends AnswerOptions {
  readonly verbose?: true;
}

const EXAMPLE = `
Example:
  curfew plan -p policy.yaml -i inventory.yaml -o plan.json
  curfew show plan.json

What the plan was made from is not read again: whether it still holds is for curfew apply to say.
`;

export function registerShow(program: Command, { terminal }: Setting): void {
  const command = program
    .command("show")
    .summary("show a saved plan")
    .description("Shows a plan that curfew plan -o saved, as curfew plan showed it. Contacts no host.")
    .argument("<plan>", "a plan saved by curfew plan -o");
  addAnswerOptions(command)
    .option("-v, --verbose", "every host and every finding by name, long files as a whole")
    .addHelpText("after", EXAMPLE)
    .action((file: string, options: ShowOptions) => show(file, options, terminal));
}

async function show(file: string, options: ShowOptions, terminal: Terminal): Promise<void> {
  const { loadPlan } = await import("../../store/run/plan-file.ts");
  const plan = await loadPlan(file);
  if (options.json === true) return terminal.out(planDocument(plan));
  const text = planText(plan.hosts, { paint: terminal.outPaint, verbose: options.verbose === true });
  const head = options.quiet === true ? "" : `${terminal.outPaint.dim(headText(plan))}\n\n`;
  return terminal.page(fitted(head + text, terminal));
}

/** When and from what it was made. */
function headText({ createdAt, policy, inventory }: Plan): string {
  const limit = inventory.limit === "" ? "" : `, only ${inventory.limit}`;
  const made = `${createdAt.slice(0, 10)} ${createdAt.slice(11, 16)} UTC`;
  return visible(`made ${made} from ${policy.file} and ${inventory.sources.join(", ")}${limit}`);
}
