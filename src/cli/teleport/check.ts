/** `curfew teleport check`: Teleport's files judged, as text, JSON and every format of `curfew audit`. */
import { randomBytes } from "node:crypto";
import { type Command, Option } from "commander";
import packageData from "../../../package.json" with { type: "json" };
import { countFindings } from "../../core/audit/summary.ts";
import { teleportAudit } from "../../core/teleport/audit.ts";
import { clusterLimits, strictestLimit } from "../../core/teleport/effective.ts";
import { judgeTeleport } from "../../core/teleport/judge.ts";
import { gatewaySessionFindings, TELEPORT_SESSIONS } from "../../core/teleport/sessions.ts";
import { documentText } from "../../core/verdict/document.ts";
import { outcomeOfAll } from "../../core/verdict/outcome.ts";
import type { AuditRun } from "../../model/record/audit.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import type { PlacedFinding, TeleportInput } from "../../model/access/teleport.ts";
import { teleportCheckText } from "../../report/teleport/check-text.ts";
import { createRunId } from "../../store/run/journal.ts";
import * as args from "../options/args.ts";
import type { PolicyInput } from "../options/inputs.ts";
import { checkReports, requireDirectory, saveReports } from "../options/report-files.ts";
import {
  addTeleportFiles,
  limitsFor,
  loadTeleport,
  policyOrLimit,
  teleportSessions,
} from "../options/teleport-inputs.ts";
import { fitted } from "../terminal/fitted.ts";
import { type ExitCode, exitCodeOfVerdict } from "../terminal/exit.ts";
import type { Setting } from "../terminal/setting.ts";
import type { Terminal } from "../terminal/terminal.ts";

interface CheckOptions extends args.ReportOptions, args.AnswerOptions {
  readonly policy?: string;
  readonly limit?: Seconds;
  readonly sessions: readonly string[];
  readonly verbose?: true;
}

const EXAMPLE = `
Example:
  curfew teleport check teleport.yaml
  tctl get netconfig,cap,roles | curfew teleport check - --limit 15m
  curfew teleport check -p policy.yaml netconfig.yaml roles.yaml --format sarif,html -o reports

Judged is where each setting stands, whether Teleport takes it, whether it is in force and stays so,
and whether it is as strict as the policy or --limit; the policy's roles name Teleport roles with
teleport: {roles: [NAME]}. Without either, any limit will do. Give all files at once: what one says
may be lost through another.

Exit codes: 0 everything holds, 2 a finding fails, 3 a finding cannot be judged, 64 not Teleport's.
`;

export function registerTeleportCheck(parent: Command, { terminal, setExitCode }: Setting): void {
  const command = addTeleportFiles(
    parent.command("check").description("judge teleport.yaml and resources that tctl get printed"),
  );
  args
    .addPolicyOption(command)
    .option("--limit <duration>", "without a policy: idle sessions have to end within this", args.duration)
    .addOption(
      new Option("--sessions <kinds>", "session kinds to judge, commas between, or all")
        .argParser(teleportSessions)
        .default(["ssh"], "ssh"),
    );
  args
    .addAnswerOptions(args.addReportOptions(command))
    .option("-v, --verbose", "what passes, too")
    .addHelpText("after", EXAMPLE)
    .action(async (files: readonly string[], options: CheckOptions) =>
      setExitCode(await check(files, options, terminal)),
    );
}

async function check(files: readonly string[], options: CheckOptions, terminal: Terminal): Promise<ExitCode> {
  requireDirectory(options);
  const loaded = await policyOrLimit(options, terminal);
  await checkReports(options, { profile: null });
  const input = await loadTeleport(files, terminal);
  const limits = await limitsFor(loaded, options.limit);
  const found = [
    ...judgeTeleport(input.documents, limits),
    ...gatewaySessionFindings(input.documents, options.sessions),
  ];
  const run = auditOf(input, found, loaded);
  if (options.json === true) await terminal.out(documentOf(run));
  else await terminal.page(fitted(textOf(input, found, options, terminal), terminal));
  await saveReports(options, run, { trend: [], changes: [] }, terminal);
  return exitCodeOfVerdict(outcomeOfAll(run.hosts));
}

function textOf(
  input: TeleportInput,
  found: readonly PlacedFinding[],
  { verbose, quiet }: CheckOptions,
  terminal: Terminal,
): string {
  const { now, later } = clusterLimits(input.documents);
  return teleportCheckText(input, found, {
    paint: terminal.outPaint,
    verbose: verbose === true,
    sessions: quiet === true ? [] : TELEPORT_SESSIONS,
    limited: quiet !== true && strictestLimit([now, later]) !== undefined,
  });
}

function auditOf(
  input: TeleportInput,
  found: readonly PlacedFinding[],
  loaded: PolicyInput | undefined,
): AuditRun {
  const now = new Date();
  const policy =
    loaded === undefined
      ? { name: "Teleport", file: input.files[0] ?? "", digest: input.digest }
      : { name: loaded.policy.name, ...loaded.source };
  return teleportAudit(input, found, {
    runId: createRunId("teleport", now, randomBytes(16).toString("hex")),
    startedAt: now.toISOString(),
    curfew: packageData.version,
    policy,
  });
}

function documentOf({ hosts, policy, inventory }: AuditRun): Iterable<string> {
  const summary = { files: hosts.length, ...countFindings(hosts, []) };
  const head = { schema: "curfew/teleport-check/1", summary, policy, digest: inventory.digest };
  return documentText(
    { ...head, sessions: TELEPORT_SESSIONS },
    hosts.map(({ host, outcome, findings }) => ({ host, outcome, findings })),
  );
}
