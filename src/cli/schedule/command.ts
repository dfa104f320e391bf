/** `curfew schedule`: audits without anybody at the terminal. Nothing heavy is loaded before an action runs. */
import { type Command, InvalidArgumentError } from "commander";
import { SCHEDULE_NAME } from "../../model/terms/schedule-name.ts";
import { duration } from "../options/args.ts";
import { addAuditOptions } from "../options/audit-options.ts";
import { refuseUnshared } from "../options/shared-options.ts";
import type { Setting } from "../terminal/setting.ts";
import type { InstallOptions } from "./install.ts";
import type { RunOptions } from "./run.ts";

const EXAMPLE = `
Example:
  curfew schedule install --every 6h -p policy.yaml -i inventory.yaml --alerts alerts.yaml
  curfew schedule install --name weekly --calendar "Sun 03:00" -p policy.yaml -i inventory.yaml \\
      --verify --format html,csv -o /srv/reports
  curfew schedule show
  curfew schedule remove --name weekly
  curfew schedule run --every 6h -p policy.yaml -i inventory.yaml      stays resident, for containers

install writes a systemd service and timer, hardened, for root the machine's, for others their own;
where no systemd runs, or with --cron, a crontab file for root and lines for anybody's own crontab.
All files are checked first. Audits of one schedule never overlap: a second one says so and ends with
75. One that takes longer than --timeout is ended, and whoever the alerts file names for
"unfinished" is told, once until an audit comes to its end again.

With a store in PostgreSQL several machines may install the same schedule: one audits, the others stand
by until it is done, and take over where it dies. curfew help workers says more.
`;

export function registerSchedule(program: Command, setting: Setting): void {
  const command = program
    .command("schedule")
    .summary("audit on a schedule: install, show, remove, run")
    .helpCommand(false)
    .description(
      "Audits on a schedule: a systemd timer or a crontab file on this machine, or a resident process.",
    )
    .addHelpText("after", EXAMPLE);
  registerInstall(command, setting);
  command
    .command("show")
    .description("the schedules installed here: next audit, last result")
    .option("--json", "print one JSON document on standard output")
    .action(async ({ json }: { readonly json?: true }) => {
      const { showSchedules } = await import("./installed.ts");
      await showSchedules(json === true, setting.terminal);
    });
  addName(command.command("remove").description("take a schedule away; the history stays")).action(
    async ({ name }: { readonly name: string }) => {
      const { takeScheduleAway } = await import("./installed.ts");
      await takeScheduleAway(name, setting.terminal);
    },
  );
  registerRun(command, setting);
}

function registerInstall(command: Command, { terminal }: Setting): void {
  const install = command.command("install").description("check everything, then write and start a timer");
  addName(install)
    .option("--every <duration>", "such as 6h; at times of day where that divides a day", span)
    .option("--calendar <event>", 'such as "Mon..Fri 06:00", as in systemd.time(7)')
    .option(
      "--timeout <duration>",
      "end an audit that takes longer (2h, or --every where that is less)",
      span,
    )
    .option("--cron", "a crontab file, also where systemd runs")
    .option("--run-as <user>", "for root: whose keys, configuration and history")
    .option("--environment-file <file>", "variables for secrets of the alerts file (systemd)");
  addAuditOptions(install)
    .option("-v, --verbose", "every finding in the journal")
    .action(async (options: InstallOptions) => {
      refuseUnshared(options, install);
      const { runInstall } = await import("./install.ts");
      await runInstall(options, terminal);
    });
}

function registerRun(command: Command, { terminal, setExitCode }: Setting): void {
  const run = command.command("run").description("audit now and again, in the foreground, until SIGTERM");
  addName(run)
    .option("--every <duration>", "from the beginning of one audit to that of the next", span)
    .option("--calendar <event>", "not here: see install")
    .option("--once", "one audit, as a timer starts it")
    .option(
      "--timeout <duration>",
      "end an audit that takes longer (2h, or --every where that is less)",
      span,
    )
    .option("--if-older <duration>", "with --once: only if the last audit began longer ago", span)
    .option(
      "--apart <duration>",
      "not if another machine's audit of it began less long ago (1m, or half of --every)",
      span,
    );
  addAuditOptions(run)
    .option("-v, --verbose", "progress, every host and every finding")
    .action(async (options: RunOptions) => {
      refuseUnshared(options, run);
      const { runSchedule } = await import("./run.ts");
      setExitCode(await runSchedule(options, terminal));
    });
}

function addName(command: Command): Command {
  return command.option("--name <name>", "which schedule", scheduleName, "audit");
}

function scheduleName(text: string): string {
  if (SCHEDULE_NAME.test(text)) return text;
  throw new InvalidArgumentError("not of lower case letters, digits and dashes, at most 32");
}

/** Timers of the runtime hold no more than 24 days. */
function span(text: string): number {
  const seconds = duration(text);
  if (seconds <= 7 * 86_400) return seconds;
  throw new InvalidArgumentError("longer than 168h");
}
