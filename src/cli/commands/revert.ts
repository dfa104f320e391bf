import type { Command } from "commander";
import { documentText } from "../../core/document.ts";
import { countBy, resultVerdict } from "../../core/outcome.ts";
import { resultText } from "../../report/result-text.ts";
import { addChangeOptions, addHostOptions, addOutputOptions, type ChangeOptions } from "../args.ts";
import { confirm, refuseWithout } from "../ask.ts";
import { type ExitCode, exitCodeOfVerdict } from "../exit.ts";
import { loadHosts } from "../inputs.ts";
import type { Setting } from "../program.ts";
import { openRun } from "../run-context.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLE = `
Example:
  curfew revert -i inventory.yaml -l web7
  curfew revert -i inventory.yaml --yes --waves 10%,100%

Exit codes: 0 every host is as it was before curfew, 3 at least one is not.
`;

export function registerRevert(program: Command, { terminal, setExitCode }: Setting): void {
  const command = program.command("revert").summary("put every host back to how it was before curfew");
  command.description("Restores contents, owner and mode of every file that curfew changed, confirmed by a new login.");
  addHostOptions(command, true);
  addChangeOptions(command);
  addOutputOptions(command)
    .addHelpText("after", EXAMPLE)
    .action(async (options: ChangeOptions) => setExitCode(await revert(options, terminal)));
}

async function revert(options: ChangeOptions, terminal: Terminal): Promise<ExitCode> {
  if (options.yes !== true) refuseWithout(terminal, "give --yes to revert without a question");
  const { revertFleet } = await import("../../flow/revert.ts");
  const { hosts } = await loadHosts(options, terminal);
  const question = `Revert ${hosts.length} host${hosts.length === 1 ? "" : "s"}?`;
  if (options.yes !== true && !(await confirm(question, "give --yes", terminal))) {
    terminal.err("nothing was changed\n");
    return 0;
  }
  const names = hosts.map(({ name }) => name);
  const run = await openRun("revert", names, options, terminal);
  const { waves, maxFail, confirmWithin: confirmWithinSeconds } = options;
  const bounds = { waves, maxFail, confirmWithinSeconds, owner: run.owner };
  const results = await run.phase("revert", names, () => revertFleet(hosts, bounds, run.context));
  const outcomes = results.map(({ outcome }) => outcome);
  const head = { schema: "curfew/revert/1", summary: { hosts: results.length, ...countBy(outcomes) } };
  const view = { title: "Revert", paint: terminal.outPaint, verbose: options.verbose === true };
  await terminal.out(options.json === true ? documentText(head, results) : [resultText(results, view)]);
  return run.finish(exitCodeOfVerdict(resultVerdict(outcomes)), head, results);
}
