import type { Command } from "commander";
import { documentText, planRecord } from "../../core/verdict/document.ts";
import { countBy, resultVerdict, verifyVerdict, worst } from "../../core/verdict/outcome.ts";
import { TIME } from "../../host/time.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Plan } from "../../model/change/plan.ts";
import type { HostResult, HostVerification } from "../../model/change/run.ts";
import { resultText } from "../../report/host/result-text.ts";
import { verifyText } from "../../report/host/verify-text.ts";
import { type ApplyRequest, loadRequest } from "../options/apply-request.ts";
import {
  type ApplyChoices,
  changeHosts,
  type Doing,
  loadChanging,
  makePlan,
  type Part,
  verifyAfter,
} from "./apply-parts.ts";
import { approve, refuseHurt, resultWithoutChange } from "./approval.ts";
import * as args from "../options/args.ts";
import { refuseWithout } from "../options/ask.ts";
import { addChangingOptions, refuseUnshared } from "../options/shared-options.ts";
import { refuseBadPassword } from "../options/become-password.ts";
import type { ExitCode } from "../terminal/exit.ts";
import type { Setting } from "../terminal/setting.ts";
import { type Run, type RunResult, withRun } from "../progress/run-context.ts";
import type { Terminal } from "../terminal/terminal.ts";

const EXAMPLE = `
Example:
  curfew apply -p policy.yaml -i inventory.yaml --waves 1,10%,100% --verify
  curfew plan -p policy.yaml -i inventory.yaml -o plan.json && curfew apply plan.json --yes

A host whose new login does not work within --confirm-within takes its change back by itself.
Who is logged in and idle beyond the limit is listed before the question, warned by the watchdog, and
ended a minute later (warn_before where it is set); --max-hurt 0 refuses to do that to anybody.
A host on which a TMOUT in somebody's shell files would fail and take lines below it along (umask,
exports) is not changed; plan names them. Remove the line, or give --accept-lost-lines.
A saved plan is refused when the policy, the inventory or a host changed since.
With --shared each host is changed by a worker of its zone that was started with --apply; waves, --max-fail
and the question stay here, and --concurrency is how many hosts workers have at once.
Exit codes: 0 every host is as the policy wants, 2 with --verify a session was not dropped,
3 a host was not changed or cannot be judged, or more sessions would end than --max-hurt allows.
`;

export function registerApply(program: Command, { terminal, setExitCode }: Setting): void {
  const command = program.command("apply").summary("put the policy in place, without locking anybody out");
  command
    .description("Changes hosts wave by wave; each confirms over a new login or takes its change back.")
    .argument("[plan]", "a plan saved by curfew plan -o, in place of -p and -i");
  args.addPolicyOption(command);
  args.addHostOptions(command);
  args
    .addChangeOptions(command)
    .option(
      "--max-hurt <n>",
      "change nothing where more sessions than this would end at once",
      args.countOption,
    )
    .option("--accept-lost-lines", "go on where lines of others below a TMOUT of theirs are lost")
    .option("--verify", "then open real sessions that have to be dropped")
    .option("--scaled <seconds>", "with --verify: scale every limit down", args.positive);
  args
    .addOutputOptions(addChangingOptions(command))
    .addHelpText("after", EXAMPLE)
    .action(async (file: string | undefined, options: ApplyChoices) => {
      refuseUnshared(options, command, true, ["concurrency"]);
      setExitCode(await apply(file, withoutEnvironment(command, file, options), terminal));
    });
}

/** A plan file names its policy and inventory; only what stands on the command line overrides it. */
function withoutEnvironment(command: Command, file: string | undefined, options: ApplyChoices): ApplyChoices {
  if (file === undefined) return options;
  const fromEnvironment = (key: string): boolean => command.getOptionValueSource(key) === "env";
  const { policy, inventory, ...rest } = options;
  return {
    ...rest,
    ...(policy === undefined || fromEnvironment("policy") ? {} : { policy }),
    ...(inventory === undefined || fromEnvironment("inventory") ? {} : { inventory }),
  };
}

async function apply(file: string | undefined, options: ApplyChoices, terminal: Terminal): Promise<ExitCode> {
  if (options.scaled !== undefined && options.verify !== true) {
    throw new CurfewError("usage", "--scaled is for sessions that are opened: give --verify as well");
  }
  const request = await loadRequest(file, options, terminal);
  await refuseBadPassword(options);
  if (options.yes !== true) refuseWithout(terminal, "give --yes to apply without a question");
  const { hosts } = request.fleet;
  const changesBy = { name: request.fleet.policy.name, digest: request.sources.policy.digest };
  const doing = { request, options, terminal };
  if (options.shared === true) await (await loadChanging()).awaitChangers(doing, TIME);
  return withRun({ command: "apply", hosts, options, terminal, changesBy, store: options }, async (run) => {
    const fresh = needsPlan(request, options) ? await makePlan(doing, run) : undefined;
    if (options.maxHurt !== undefined) refuseHurt(fresh?.hosts ?? [], options.maxHurt);
    const plan = request.plan ?? fresh;
    if (plan !== undefined) await run.journal.write("plan.json", planRecord(plan));
    const targets = await approve(plan, request, { options, terminal, stopping: run.context.stopping });
    const { result: results, failure } = await applyTo(targets, plan, doing, run);
    const verified = await verifyAfter(results, doing, run);
    const failures = [failure, verified.failure].filter((each) => each !== undefined);
    return { ...resultOf(results, verified.result), failures };
  });
}

/** Who is logged in is asked now: a saved plan says who was. */
function needsPlan({ plan }: ApplyRequest, { yes, maxHurt }: ApplyChoices): boolean {
  return maxHurt !== undefined || (plan === undefined && yes !== true);
}

/** Results of all hosts in the order of the fleet; those that are no target only say why. */
async function applyTo(
  targets: ReadonlySet<string>,
  plan: Plan | undefined,
  doing: Doing,
  run: Run,
): Promise<Part<HostResult[]>> {
  const { fleet } = doing.request;
  const planned = new Map(plan?.hosts.map((item) => [item.host, item]));
  const chosen = fleet.hosts.filter(({ name }) => targets.has(name));
  const approved = plan === undefined ? undefined : planned;
  const { result, failure } =
    chosen.length === 0
      ? { result: [] }
      : await run.phase("apply", [...targets], () => changeHosts(chosen, approved, doing, run));
  const byHost = new Map(result.map((each) => [each.host, each]));
  const results = fleet.hosts.map(
    ({ name }) => byHost.get(name) ?? resultWithoutChange(name, planned.get(name)),
  );
  return { result: results, failure };
}

function resultOf(
  results: readonly HostResult[],
  verified: readonly HostVerification[] | undefined,
): RunResult {
  const outcomes = results.map(({ outcome }) => outcome);
  const applied = resultVerdict(outcomes);
  const head = { schema: "curfew/apply/1", summary: { hosts: results.length, ...countBy(outcomes) } };
  const shown = new Map(verified?.map((item) => [item.host, item]));
  const withProbes = (result: HostResult): object => ({ ...shown.get(result.host), ...result });
  return {
    verdict: verified === undefined ? applied : worst(applied, verifyVerdict(verified)),
    applied: results,
    document: () => documentText(head, results.map(withProbes)),
    text: (view) =>
      [
        resultText(results, { title: "Apply", ...view }),
        ...(verified === undefined ? [] : [verifyText(verified, view)]),
      ].join("\n"),
  };
}
