import { type Command, Option } from "commander";
import packageData from "../../../package.json" with { type: "json" };
import { shown } from "../../core/text/nearest.ts";
import { documentText } from "../../core/verdict/document.ts";
import { countBy, worstOf } from "../../core/verdict/outcome.ts";
import { BASELINE_NAMES, type BaselineName } from "../../model/policy/baseline-name.ts";
import type { Baseline } from "../../model/policy/baseline.ts";
import type { AuditRun } from "../../model/record/audit.ts";
import type { CheckedHost } from "../../model/record/check-run.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import { CurfewError } from "../../model/terms/error.ts";
import { DEFAULT_PROBES, type SessionKind } from "../../model/terms/session-kind.ts";
import { checkText } from "../../report/host/check-text.ts";
import * as args from "../options/args.ts";
import { loadHosts, type SourceOptions } from "../options/inputs.ts";
import { type Run, withRun } from "../progress/run-context.ts";
import type { ExitCode } from "../terminal/exit.ts";
import type { Setting } from "../terminal/setting.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** `limit` is the time here, as whoever asks means it; hosts of an inventory are chosen with `hosts`. */
interface CheckOptions extends Omit<args.HostOptions, "limit">, args.ReportOptions {
  readonly hosts?: string;
  readonly limit?: Seconds;
  readonly baseline?: BaselineName;
  readonly prove?: true;
  readonly scaled?: number;
  readonly sessions: readonly SessionKind[];
}

const EXAMPLE = `
Example:
  curfew check root@web1
  curfew check web1 web2:2222 --limit 15m
  curfew check -i inventory.yaml --limit 15m --prove --scaled 20
  curfew check -i inventory.yaml --baseline cis --format html,csv -o reports
  sudo curfew check

Needs no policy and changes nothing. Shown is every setting that seems to limit idle sessions, what
it really does on the OpenSSH that runs there, and for root, administrators, service accounts and
everyone else which kind of session ends after how long, and which never does. Without a host and
without -i it looks at this machine.

--limit judges when sessions end, --baseline the rules of a benchmark for the host's system; where it
is for none, nothing is judged and the exit code is 3. curfew profiles lists the baselines. Reports
have the formats that those of curfew audit have, and need --limit or --baseline.

Exit codes: 0 everything judged ends in time, or nothing was to be judged; 2 something does not;
3 a host or a session cannot be judged.
`;

export function registerCheck(program: Command, { terminal, setExitCode }: Setting): void {
  const command = program
    .command("check")
    .summary("show what ends idle sessions on a host, without a policy");
  command
    .description(
      "Shows what limits idle sessions on hosts, and what really ends which session. Changes nothing.",
    )
    .argument("[[user@]host[:port]...]", "hosts, as for ssh; this machine if none is named");
  args.addHostOptions(command, "-l, --hosts <pattern>");
  command
    .option("--limit <duration>", "every session has to end within this", args.duration)
    .addOption(
      new Option("--baseline <name>", "every rule of this compliance baseline has to hold").choices(
        BASELINE_NAMES,
      ),
    )
    .option("--prove", "open real sessions as well, as curfew verify does")
    .addOption(
      new Option("--sessions <kinds>", "session kinds to judge and to open, commas between, or all")
        .argParser(args.sessionKinds)
        .default(DEFAULT_PROBES, DEFAULT_PROBES.join(",")),
    )
    .option("--scaled <seconds>", "with --prove: scale every limit down to about this", args.positive);
  args
    .addOutputOptions(args.addReportOptions(command))
    .addHelpText("after", EXAMPLE)
    .action(async (targets: readonly string[], options: CheckOptions) =>
      setExitCode(await check(targets, options, terminal)),
    );
}

async function check(
  targets: readonly string[],
  options: CheckOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  refuseContradictions(targets, options);
  const chosen = await loadHosts(sourceOf(targets, options), terminal);
  const { hosts } = chosen;
  const { limit = null, prove, sessions, scaled } = options;
  const baseline = await baselineNamed(options.baseline);
  await refuseReports(options, baseline);
  return withRun({ command: "check", hosts, options: loginOptions(options), terminal }, async (run) => {
    const { checkFleet } = await import("../../flow/check.ts");
    const wanted = { limit, baseline, sessions, ...(prove && { prove: { scaled } }) };
    const names = hosts.map(({ name }) => name);
    const startedAt = run.context.now().toISOString();
    const checked = await run.phase("check", names, () => checkFleet(hosts, wanted, run.context));
    const reporting = { options, baseline, inventory: chosen.source, startedAt, run, terminal };
    const failure = await reported(checked, reporting);
    const head = headOf(checked, limit, options.baseline);
    const columns = Math.min(terminal.size().columns, 100);
    return {
      verdict: worstOf(checked.map(({ outcome }) => outcome)) ?? "unknown",
      document: () => documentText(head, checked),
      record: () => documentText(head, checked.map(withoutFacts)),
      text: ({ paint }) =>
        checkText(checked, { paint, columns, limit, proved: prove === true, named: targets }),
      failures: failure === undefined ? [] : [failure],
    };
  });
}

/** Refuses reports before anybody is asked. Errors: CurfewError `usage`, `input`. */
async function refuseReports(options: CheckOptions, baseline: Baseline | null): Promise<void> {
  const { format, output, signWith, limit, scope, assessor } = options;
  if ([format, output, signWith, scope, assessor].every((each) => each === undefined)) return;
  if (limit === undefined && baseline === null) {
    throw new CurfewError("usage", "a report needs something to judge by: give --limit or --baseline", {
      hint: "such as --limit 15m; without them nothing is judged, and --json has all that was found",
    });
  }
  const [{ checkReports }, { baselineInfo }] = await Promise.all([
    import("../options/report-files.ts"),
    import("../../core/policy/baseline-rules.ts"),
  ]);
  await checkReports(options, { profile: baseline === null ? null : baselineInfo(baseline) });
}

interface Reporting {
  readonly options: CheckOptions;
  readonly baseline: Baseline | null;
  readonly inventory: AuditRun["inventory"];
  readonly startedAt: string;
  readonly run: Run;
  readonly terminal: Terminal;
}

async function reported(
  checked: readonly CheckedHost[],
  { options, baseline, inventory, startedAt, run, terminal }: Reporting,
): Promise<CurfewError | undefined> {
  if (options.output === undefined) return undefined;
  const [{ tryReports }, { checkAsAudit }] = await Promise.all([
    import("../options/report-files.ts"),
    import("../../core/check/as-audit.ts"),
  ]);
  const { limit = null, sessions, scaled, prove } = options;
  const question = { limit, baseline, sessions, verified: prove === true, ...(scaled && { scaled }) };
  const finishedAt = run.context.now().toISOString();
  const frame = { runId: run.journal.runId, startedAt, finishedAt, curfew: packageData.version, inventory };
  return tryReports(options, checkAsAudit(checked, question, frame), { trend: [], changes: [] }, terminal);
}

async function baselineNamed(name: BaselineName | undefined): Promise<Baseline | null> {
  if (name === undefined) return null;
  const { loadBaseline } = await import("../../config/policy/baseline.ts");
  return loadBaseline(name);
}

/** A journal tells what was found; the hosts' files are for `render`, and only where they were asked for. */
function withoutFacts({ facts: _facts, ...host }: CheckedHost): CheckedHost {
  return host;
}

function refuseContradictions(targets: readonly string[], options: CheckOptions): void {
  const { prove, limit, scaled, inventory } = options;
  if (prove === true && limit === undefined) {
    throw new CurfewError("usage", "--prove needs --limit, the time after which a session has to be gone", {
      hint: "such as --limit 15m; --scaled 20 makes it seconds",
    });
  }
  if (scaled !== undefined && prove !== true) throw new CurfewError("usage", "--scaled is for --prove");
  if (targets.length > 0 && inventory !== undefined) {
    throw new CurfewError("usage", "hosts are named on the command line or by -i, not both", {
      hint: "-l chooses hosts of an inventory",
    });
  }
}

/** The time is none of the options by which hosts are reached. */
function loginOptions({ limit: _limit, ...options }: CheckOptions): args.HostOptions {
  return options;
}

/** Named hosts are a host list; without any it is this machine, reached without SSH. */
function sourceOf(
  targets: readonly string[],
  { inventory, hosts: limit, becomePassFile, quiet }: CheckOptions,
): SourceOptions {
  const wrong = targets.find((target) => /[\s,]|^-/u.test(target));
  if (wrong !== undefined) throw new CurfewError("usage", `${shown(wrong)} is not [user@]host[:port]`);
  const named = `${targets.length === 0 ? "localhost" : targets.join(",")},`;
  return {
    inventory: inventory ?? [named],
    ...(limit === undefined ? {} : { limit }),
    ...(becomePassFile === undefined ? {} : { becomePassFile }),
    ...(quiet === undefined ? {} : { quiet }),
  };
}

function headOf(
  checked: readonly CheckedHost[],
  limit: Seconds | null,
  baseline: BaselineName | undefined,
): object {
  const hosts = { hosts: checked.length, ...countBy(checked.map(({ outcome }) => outcome)) };
  return {
    schema: "curfew/check/1",
    summary: { ...hosts, withinSeconds: limit, baseline: baseline ?? null },
  };
}
