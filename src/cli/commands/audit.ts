/** `curfew audit`: judges a fleet, changes nothing, remembers, and writes what auditors take. */
import { homedir } from "node:os";
import { resolve } from "node:path";
import type { Command } from "commander";
import packageData from "../../../package.json" with { type: "json" };
import type { Audit } from "../../flow/audit.ts";
import { auditedElsewhere } from "../../flow/shared/elsewhere.ts";
import type { Host } from "../../model/inventory/host.ts";
import type { Alerts, Outbox } from "../../model/record/alert.ts";
import type { AuditHeader } from "../../model/record/audit.ts";
import type { CurfewError } from "../../model/terms/error.ts";
import type { History } from "../../model/record/history.ts";
import { stateDirectory } from "../../store/file/xdg.ts";
import * as args from "../options/args.ts";
import { baselinesOf, readAlerts } from "../options/audit-inputs.ts";
import {
  addAuditOptions,
  type AuditOptions,
  auditWork,
  refuseContradictions,
} from "../options/audit-options.ts";
import type { ExitCode } from "../terminal/exit.ts";
import { daysAgo, storePlace, withHistory } from "../options/history-access.ts";
import { type Hosts, type PolicyInput, loadHosts, loadPolicyFor } from "../options/inputs.ts";
import { refuseUnshared } from "../options/shared-options.ts";
import { turnOf } from "../schedule/turn-variable.ts";
import type { ByWorkers } from "../shared/coordination.ts";
import { refuseForWorkers, withWorkers } from "../shared/workers.ts";
import type { Setting } from "../terminal/setting.ts";
import { aboutAudit, checkReports, tryReports } from "../options/report-files.ts";
import { type Run, type RunResult, withRun } from "../progress/run-context.ts";
import type { Terminal } from "../terminal/terminal.ts";

const EXAMPLE = `
Example:
  curfew audit -p policy.yaml -i inventory.yaml
  curfew audit -p policy.yaml -i inventory.yaml --verify --scaled 20 --format html,sarif -o reports

Judged are the files and settings on each host, what curfew wrote there before, whether sshd has
read it, the baseline that the policy names, and how idle sessions end: from the settings, or with
--verify from real sessions. Kinds of session that are not asked for are shown and not judged.
Nothing is changed on any host.

Exit codes: 0 everything passes, is waived or does not apply, 2 a finding fails, 3 a host or a
finding cannot be judged.
`;

export function registerAudit(program: Command, { terminal, setExitCode }: Setting): void {
  const command = program.command("audit").summary("judge a fleet against the policy and its baseline");
  command.description(
    "Judges every host against the policy and its compliance baseline, remembers the result, and says what changed since the last audit. Changes nothing.",
  );
  addAuditOptions(command);
  args
    .addOutputOptions(command)
    .option("--no-history", "do not remember this audit")
    .addHelpText("after", EXAMPLE)
    .action(async (options: AuditOptions) => {
      refuseUnshared(options, command);
      setExitCode(await audit(options, terminal));
    });
}

async function audit(options: AuditOptions, terminal: Terminal): Promise<ExitCode> {
  refuseContradictions(options);
  const chosen = await loadHosts(options, terminal);
  const loaded = await loadPolicyFor(options.policy, chosen.inventory, options, terminal);
  const request = { chosen, loaded, work: auditWork(options), options, terminal };
  await refuseForWorkers(request);
  const alerts = await readAlerts(options.alerts);
  const profiles = await baselinesOf(loaded.policy);
  await checkReports(options, profiles);
  return withRun({ command: "audit", hosts: chosen.hosts, options, terminal }, (run) => {
    const work = async (history: History | undefined): Promise<RunResult> => {
      const header = headerOf(chosen, loaded, profiles, options, run);
      const made = await withWorkers(request, run, header, (workers) =>
        judge({ chosen, loaded, options, header: workers?.header ?? header, run, history, workers }),
      );
      if (options.keep !== undefined) await history?.prune(daysAgo(options.keep));
      return resultOf(made, [
        await tryReports(options, made.run, made.context, terminal),
        alerts && (await told(made, alerts, { options, policy: loaded.policy, history, run, terminal })),
      ]);
    };
    const turn = turnOf(terminal.environment);
    return options.history ? withHistory(terminal, options, work, { turn }) : work(undefined);
  });
}

interface Telling extends Pick<PolicyInput, "policy"> {
  readonly options: AuditOptions;
  readonly history: History | undefined;
  readonly run: Run;
  readonly terminal: Terminal;
}

async function told(
  made: Audit,
  alerts: Alerts,
  { options, policy, history, run, terminal }: Telling,
): Promise<CurfewError | undefined> {
  const { stopping, aborting, now } = run.context;
  if (stopping.aborted) return undefined;
  const token = turnOf(terminal.environment);
  // Machines that share a schedule share what was told, wherever each has its files.
  const source = token === undefined ? resolve(options.alerts ?? "") : "";
  const [{ tellOfAudit, toldKey }, { openOutboxAt }] = await Promise.all([
    import("../schedule/audit-alerts.ts"),
    import("../schedule/outbox-place.ts"),
  ]);
  const outbox = async (): Promise<Outbox> => {
    const place = await storePlace(options, terminal);
    const state = stateDirectory(terminal.environment, homedir());
    return openOutboxAt({ place, state, now, token, source: toldKey(source, made.run) });
  };
  const quiet = options.quiet === true;
  return tellOfAudit(made, { policy, source, history }, { alerts, outbox, now, aborting, terminal, quiet });
}

interface Judging {
  readonly chosen: Hosts;
  readonly loaded: PolicyInput;
  readonly header: AuditHeader;
  readonly options: AuditOptions;
  readonly run: Run;
  readonly history: History | undefined;
  readonly workers: ByWorkers | undefined;
}

async function judge(judging: Judging): Promise<Audit> {
  const { auditFleet } = await import("../../flow/audit.ts");
  const { header, options, run, history, workers } = judging;
  const { hosts } = judging.chosen;
  const { policy } = judging.loaded;
  const { sessions, verify, scaled } = options;
  const wanted = { sessions, ...(verify === true && { verify: { scaled } }) };
  const elsewhere = workers && {
    host: (host: Host) => auditedElsewhere(workers.coordination, host, run.context),
    joined: workers.continued,
  };
  return run.phase(
    "audit",
    hosts.map(({ name }) => name),
    () => auditFleet({ policy, hosts }, header, wanted, run.context, history, elsewhere),
  );
}

function headerOf(
  { source: inventory }: Hosts,
  { policy, source }: PolicyInput,
  profiles: Pick<AuditHeader, "profile" | "profiles">,
  options: AuditOptions,
  { journal, context }: Run,
): AuditHeader {
  const { sessions, verify, scaled } = options;
  return {
    schema: "curfew/audit/1",
    runId: journal.runId,
    startedAt: context.now().toISOString(),
    curfew: packageData.version,
    policy: { name: policy.name, ...source },
    ...profiles,
    inventory,
    sessions,
    verified: verify === true,
    ...(scaled === undefined ? {} : { scaled }),
    ...aboutAudit(options),
  };
}

async function resultOf(
  { run, context, unstored }: Audit,
  others: readonly (CurfewError | undefined)[],
): Promise<RunResult> {
  const [{ auditVerdict }, { renderJson }, { auditText }] = await Promise.all([
    import("../../core/audit/summary.ts"),
    import("../../report/format/audit-json.ts"),
    import("../../report/audit/text.ts"),
  ]);
  return {
    verdict: auditVerdict(run),
    document: () => renderJson(run),
    text: (view) => auditText(run, context, view),
    failures: [unstored, ...others].filter((each) => each !== undefined),
  };
}
