/** `curfew schedule install`, for people: options to what is to be installed, and what came of it. */
import { resolve } from "node:path";
import { visible } from "../../core/text/visible.ts";
import { type InstalledSchedule, installSchedule } from "../../flow/schedule/install.ts";
import { lingers } from "../../flow/schedule/places.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { ScheduleTime } from "../../model/record/schedule.ts";
import type { HistoryPlace } from "../../store/open-history.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { auditArguments, checkAudit, type ScheduledOptions, usualApart, withSources } from "./audit.ts";

export interface InstallOptions extends ScheduledOptions {
  readonly name: string;
  readonly every?: Seconds;
  readonly calendar?: string;
  readonly timeout?: Seconds;
  readonly cron?: true;
  readonly runAs?: string;
  readonly environmentFile?: string;
}

/** Errors: CurfewError `usage`, `input` for the audit's files, and those of `installSchedule`. */
export async function runInstall(given: InstallOptions, terminal: Terminal): Promise<void> {
  const time = timeOf(given);
  const options = await withSources(given, terminal);
  const { alerts, reads, writes, place } = await checkAudit(options, terminal);
  const { name, timeout, runAs, environmentFile, output } = options;
  const installed = await installSchedule({
    name,
    time,
    timeout,
    apart: apartOf(place, time),
    cron: options.cron === true,
    runAs,
    environmentFile,
    audit: auditArguments(options),
    alerts,
    reads,
    writes,
    output: output === undefined ? undefined : resolve(output),
    environment: terminal.environment,
  });
  await report(installed, name, terminal);
}

function timeOf({ every, calendar }: InstallOptions): ScheduleTime {
  if (every !== undefined && calendar === undefined) {
    if (every >= 60) return { kind: "every", seconds: every };
    throw new CurfewError("usage", "--every is at least 1m");
  }
  if (calendar !== undefined && every === undefined) return { kind: "calendar", text: calendar };
  throw new CurfewError("usage", 'give either --every DURATION or --calendar "Mon..Fri 06:00"');
}

/** Undefined where no other machine can have it. */
function apartOf(place: HistoryPlace, time: ScheduleTime): Seconds | undefined {
  if ("state" in place) return undefined;
  return Math.floor(usualApart(time.kind === "every" ? time.seconds : undefined));
}

async function report(
  { files, scheduler, crontab, next }: InstalledSchedule,
  name: string,
  terminal: Terminal,
): Promise<void> {
  const { err, errPaint } = terminal;
  err(`${files.map(({ path }) => errPaint.dim(`wrote ${visible(path)}`)).join("\n")}\n`);
  if (scheduler === "crontab") {
    err("add these lines to your crontab (crontab -e):\n");
    return terminal.out([crontab]);
  }
  if (scheduler === "systemd-user" && !lingers()) {
    const warning = "lingering is off: the timer runs only while you are logged in";
    err(`${errPaint.yellow("warning:")} ${warning}\n${errPaint.cyan("hint:")} loginctl enable-linger\n`);
  }
  await terminal.out([
    next === null ? `schedule ${name}: installed\n` : `schedule ${name}: next audit ${next}\n`,
  ]);
}
