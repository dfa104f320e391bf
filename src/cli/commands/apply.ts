import type { Command } from "commander";
import { documentText, planRecord } from "../../core/verdict/document.ts";
import { countBy, resultVerdict, verifyVerdict, worst } from "../../core/verdict/outcome.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Plan } from "../../model/change/plan.ts";
import type { HostResult, HostVerification } from "../../model/change/run.ts";
import { DEFAULT_PROBES } from "../../model/terms/session-kind.ts";
import { resultText } from "../../report/host/result-text.ts";
import { verifyText } from "../../report/host/verify-text.ts";
import { type ApplyRequest, loadRequest } from "../options/apply-request.ts";
import { approve, refuseHurt, resultWithoutChange } from "./approval.ts";
import * as args from "../options/args.ts";
import { refuseWithout } from "../options/ask.ts";
import { refuseBadPassword } from "../options/become-password.ts";
import type { ExitCode } from "../terminal/exit.ts";
import type { Setting } from "../terminal/setting.ts";
import { type Run, type RunResult, withRun } from "../progress/run-context.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface ApplyOptions extends args.PolicyOptions, args.ChangeOptions {
  readonly verify?: true;
  readonly scaled?: number;
  readonly maxHurt?: number;
  readonly acceptLostLines?: true;
}

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
    .addOutputOptions(command)
    .addHelpText("after", EXAMPLE)
    .action(async (file: string | undefined, options: ApplyOptions) =>
      setExitCode(await apply(file, withoutEnvironment(command, file, options), terminal)),
    );
}

/** A plan file names its policy and inventory; only what stands on the command line overrides it. */
function withoutEnvironment(command: Command, file: string | undefined, options: ApplyOptions): ApplyOptions {
  if (file === undefined) return options;
  const fromEnvironment = (key: string): boolean => command.getOptionValueSource(key) === "env";
  const { policy, inventory, ...rest } = options;
  return {
    ...rest,
    ...(policy === undefined || fromEnvironment("policy") ? {} : { policy }),
    ...(inventory === undefined || fromEnvironment("inventory") ? {} : { inventory }),
  };
}

async function apply(file: string | undefined, options: ApplyOptions, terminal: Terminal): Promise<ExitCode> {
  if (options.scaled !== undefined && options.verify !== true) {
    throw new CurfewError("usage", "--scaled is for sessions that are opened: give --verify as well");
  }
  const request = await loadRequest(file, options, terminal);
  await refuseBadPassword(options);
  if (options.yes !== true) refuseWithout(terminal, "give --yes to apply without a question");
  const { hosts } = request.fleet;
  const changesBy = { name: request.fleet.policy.name, digest: request.sources.policy.digest };
  return withRun({ command: "apply", hosts, options, terminal, changesBy }, async (run) => {
    const fresh = needsPlan(request, options) ? await makePlan(request, run) : undefined;
    if (options.maxHurt !== undefined) refuseHurt(fresh?.hosts ?? [], options.maxHurt);
    const plan = request.plan ?? fresh;
    if (plan !== undefined) await run.journal.write("plan.json", planRecord(plan));
    const targets = await approve(plan, request, { options, terminal, stopping: run.context.stopping });
    const results = await applyTo(targets, plan, request, { options, run });
    return resultOf(results, await verifyAfter(results, request, { options, run }));
  });
}

/** Who is logged in is asked now: a saved plan says who was. */
function needsPlan({ plan }: ApplyRequest, { yes, maxHurt }: ApplyOptions): boolean {
  return maxHurt !== undefined || (plan === undefined && yes !== true);
}

async function makePlan({ fleet, sources }: ApplyRequest, run: Run): Promise<Plan> {
  const { planFleet } = await import("../../flow/plan.ts");
  const names = fleet.hosts.map(({ name }) => name);
  const hosts = await run.phase("plan", names, () => planFleet(fleet, run.context));
  return { schema: "curfew/plan/1", createdAt: run.context.now().toISOString(), ...sources, hosts };
}

interface Doing {
  readonly options: ApplyOptions;
  readonly run: Run;
}

/** Results of all hosts in the order of the fleet; those that are no target only say why. */
async function applyTo(
  targets: ReadonlySet<string>,
  plan: Plan | undefined,
  { fleet }: ApplyRequest,
  { options, run }: Doing,
): Promise<HostResult[]> {
  const { applyFleet } = await import("../../flow/apply.ts");
  const planned = new Map(plan?.hosts.map((item) => [item.host, item]));
  const chosen = { ...fleet, hosts: fleet.hosts.filter(({ name }) => targets.has(name)) };
  const { waves, maxFail, confirmWithin: confirmWithinSeconds, acceptLostLines = false } = options;
  const bounds = { waves, maxFail, confirmWithinSeconds, owner: run.owner, acceptLostLines };
  const approved = plan === undefined ? {} : { approved: planned };
  const done =
    targets.size === 0
      ? []
      : await run.phase("apply", [...targets], () =>
          applyFleet(chosen, { ...bounds, ...approved }, run.context),
        );
  const byHost = new Map(done.map((result) => [result.host, result]));
  return fleet.hosts.map(({ name }) => byHost.get(name) ?? resultWithoutChange(name, planned.get(name)));
}

async function verifyAfter(
  results: readonly HostResult[],
  { fleet }: ApplyRequest,
  { options, run }: Doing,
): Promise<HostVerification[] | undefined> {
  if (options.verify !== true || run.context.stopping.aborted) return undefined;
  const { verifyFleet } = await import("../../flow/verify.ts");
  const good = new Set(results.filter(isGood).map(({ host }) => host));
  const hosts = fleet.hosts.filter(({ name }) => good.has(name));
  if (hosts.length === 0) return undefined;
  const { scaled } = options;
  const wanted = { sessions: DEFAULT_PROBES, ...(scaled === undefined ? {} : { scaled }) };
  return run.phase("verify", [...good], () => verifyFleet({ ...fleet, hosts }, wanted, run.context));
}

function isGood({ outcome }: HostResult): boolean {
  return outcome === "confirmed" || outcome === "unchanged";
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
