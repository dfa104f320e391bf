import { type Command, Option } from "commander";
import { documentText } from "../../core/verdict/document.ts";
import { countBy, resultVerdict } from "../../core/verdict/outcome.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { HostResult } from "../../model/change/run.ts";
import { resultText } from "../../report/host/result-text.ts";
import { addChangeOptions, addHostOptions, addOutputOptions, type ChangeOptions } from "../options/args.ts";
import { refuseBadPassword } from "../options/become-password.ts";
import { confirm, refuseWithout } from "../options/ask.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { loadHosts } from "../options/inputs.ts";
import type { Setting } from "../terminal/setting.ts";
import { withRun } from "../progress/run-context.ts";
import type { Terminal } from "../terminal/terminal.ts";

const EXAMPLE = `
Example:
  curfew revert -i inventory.yaml -l web7
  curfew revert -i inventory.yaml --yes --waves 10%,100%

Exit codes: 0 every host is as it was before curfew, 3 at least one is not.
`;

export function registerRevert(program: Command, { terminal, setExitCode }: Setting): void {
  const command = program.command("revert").summary("put every host back to how it was before curfew");
  command.description(
    "Restores contents, owner and mode of every file that curfew changed, confirmed by a new login.",
  );
  addHostOptions(command);
  addChangeOptions(command).addOption(new Option("--shared").hideHelp()).on("option:shared", refuseShared);
  addOutputOptions(command)
    .addHelpText("after", EXAMPLE)
    .action(async (options: ChangeOptions) => setExitCode(await revert(options, terminal)));
}

/** Whoever takes everything back wants no worker, queue or database in between. Errors: CurfewError `usage`. */
function refuseShared(): void {
  throw new CurfewError("usage", "curfew revert works from this machine alone: it has no --shared", {
    hint: "run it on a machine in the hosts' network, with -l for those that it reaches",
  });
}

async function revert(options: ChangeOptions, terminal: Terminal): Promise<ExitCode> {
  const { hosts } = await loadHosts(options, terminal);
  await refuseBadPassword(options);
  if (options.yes !== true) refuseWithout(terminal, "give --yes to revert without a question");
  const names = hosts.map(({ name }) => name);
  return withRun({ command: "revert", hosts, options, terminal, changesBy: null }, async (run) => {
    const { revertFleet } = await import("../../flow/revert.ts");
    const { waves, maxFail, confirmWithin: confirmWithinSeconds } = options;
    const bounds = { waves, maxFail, confirmWithinSeconds, owner: run.owner };
    const question = `Revert ${hosts.length} host${hosts.length === 1 ? "" : "s"}?`;
    const agreed = options.yes === true || (await confirm(question, "give --yes", terminal));
    const results = agreed
      ? await run.phase("revert", names, () => revertFleet(hosts, bounds, run.context))
      : names.map(notApproved);
    const outcomes = results.map(({ outcome }) => outcome);
    const head = { schema: "curfew/revert/1", summary: { hosts: results.length, ...countBy(outcomes) } };
    return {
      verdict: resultVerdict(outcomes),
      applied: results,
      document: () => documentText(head, results),
      text: (view) => resultText(results, { title: "Revert", ...view }),
    };
  });
}

function notApproved(host: string): HostResult {
  return { host, outcome: "skipped", message: "nothing was changed: not approved" };
}
