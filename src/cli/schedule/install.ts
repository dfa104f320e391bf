/** `curfew schedule install`: everything is checked, then written, then started; or nothing is left. */
import { stat } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import { resolve } from "node:path";
import { execa } from "execa";
import { visible } from "../../core/text/visible.ts";
import {
  crontabLines,
  type ScheduleFile,
  scheduleFiles,
  type SchedulePlaces,
  unitName,
} from "../../core/schedule/files.ts";
import type { Alerts } from "../../model/alert.ts";
import type { Seconds } from "../../model/duration.ts";
import { CurfewError } from "../../model/error.ts";
import { type Schedule, type Scheduler, type ScheduleTime } from "../../model/schedule.ts";
import { writeScheduleFiles } from "../../store/schedule/store.ts";
import { stateDirectory } from "../../store/file/xdg.ts";
import { asUser } from "./as-user.ts";
import {
  auditArguments,
  type CheckedAudit,
  checkAudit,
  type ScheduledOptions,
  withSources,
} from "./audit.ts";
import { findSchedules } from "./installed.ts";
import { chooseScheduler, curfewScript, isRoot, lingers, placesOf, systemdOf } from "./places.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface InstallOptions extends ScheduledOptions {
  readonly name: string;
  readonly every?: Seconds;
  readonly calendar?: string;
  readonly timeout?: Seconds;
  readonly cron?: true;
  readonly runAs?: string;
  readonly environmentFile?: string;
}

/** Errors: CurfewError `usage`, `input`, and `remote` for what systemd refused; nothing is left then. */
export async function installSchedule(given: InstallOptions, terminal: Terminal): Promise<void> {
  const time = timeOf(given);
  const options = await withSources(given, terminal);
  const checked = await checkAudit(options, terminal);
  const scheduler = await chooseScheduler(options.cron === true);
  refuseEnvironment(checked.alerts, scheduler, options);
  if (time.kind === "calendar" && systemdOf(scheduler) !== undefined) {
    const { checkCalendar } = await import("../../host/systemd.ts");
    await checkCalendar(time.text);
  }
  const places = placesOf(terminal.environment);
  await refuseOther(options.name, scheduler, places);
  const schedule = await describe(options, time, checked, terminal);
  const files = scheduleFiles(schedule, scheduler, places);
  const lines = scheduler === "crontab" ? crontabLines(schedule, places) : "";
  for (const directory of [
    schedule.state,
    ...(options.output === undefined ? [] : [resolve(options.output)]),
  ])
    await makeDirectory(directory, schedule.user);
  await refuseUnreadable(checked, schedule);
  await putInPlace(files, scheduler, schedule.name);
  await report(files, scheduler, lines, schedule.name, terminal);
}

function timeOf({ every, calendar }: InstallOptions): ScheduleTime {
  if (every !== undefined && calendar === undefined) {
    if (every >= 60) return { kind: "every", seconds: every };
    throw new CurfewError("usage", "--every is at least 1m");
  }
  if (calendar !== undefined && every === undefined) return { kind: "calendar", text: calendar };
  throw new CurfewError("usage", 'give either --every DURATION or --calendar "Mon..Fri 06:00"');
}

/** A secret that is in the environment now would not be there when the timer starts the audit. */
function refuseEnvironment(
  alerts: Alerts | undefined,
  scheduler: Scheduler,
  { environmentFile }: InstallOptions,
): void {
  if (environmentFile !== undefined) {
    if (systemdOf(scheduler) !== undefined) return;
    throw new CurfewError("usage", "--environment-file is for systemd: cron has no such thing");
  }
  const webhooks = alerts?.webhooks ?? [];
  const sources = webhooks.flatMap(({ url, headers }) => [url].concat(Object.values(headers)));
  const variable = sources.find((source) => typeof source !== "string" && "env" in source);
  if (variable === undefined) return;
  throw new CurfewError(
    "input",
    `the alerts file takes a secret from the environment variable ${visible(variable.env)}, which a scheduled audit does not have`,
    { hint: "put it in a file, or give --environment-file (systemd)" },
  );
}

async function refuseOther(name: string, scheduler: Scheduler, places: SchedulePlaces): Promise<void> {
  const found = (await findSchedules(places)).find((each) => each.definition.name === name);
  if (found === undefined || found.scheduler === scheduler) return;
  throw new CurfewError("input", `the schedule ${name} is there already, started by ${found.scheduler}`, {
    hint: `curfew schedule remove --name ${name}`,
  });
}

async function describe(
  options: InstallOptions,
  time: ScheduleTime,
  { alerts, writes }: CheckedAudit,
  { environment }: Terminal,
): Promise<Schedule> {
  const self = userInfo();
  const { runAs = self.username, environmentFile } = options;
  const other = runAs !== self.username;
  if (other && !isRoot()) throw new CurfewError("usage", "--run-as is for root");
  const state = other ? stateDirectory({}, await homeOf(runAs)) : stateDirectory(environment, homedir());
  const owners = await Promise.all(
    writes.map((path) =>
      stat(path).then(
        ({ uid }) => uid,
        () => self.uid,
      ),
    ),
  );
  const limit = time.kind === "every" ? Math.min(7200, time.seconds) : 7200;
  return {
    schema: "curfew/schedule-definition/1",
    name: options.name,
    time,
    audit: auditArguments(options),
    timeout: options.timeout ?? limit,
    state,
    user: runAs,
    program: [process.execPath, curfewScript()],
    directory: process.cwd(),
    writes,
    mails: (alerts?.mail ?? []).length > 0,
    foreign: owners.some((uid) => uid !== 0),
    ...(environmentFile === undefined ? {} : { environmentFile: resolve(environmentFile) }),
  };
}

/** The home directory by getent(1), which also asks directory services. Errors: CurfewError `usage`. */
async function homeOf(user: string): Promise<string> {
  const { exitCode, stdout } = await execa("getent", ["passwd", "--", user], { reject: false });
  const [name, , , , , home = ""] = stdout.split(":");
  if (exitCode === 0 && name === user && home.startsWith("/")) return home;
  throw new CurfewError("usage", `--run-as ${visible(user)}: there is no such user`);
}

async function makeDirectory(directory: string, user: string): Promise<void> {
  if (await asUser(user, ["mkdir", "-p", "-m", "700", "--", directory])) return;
  throw new CurfewError("input", `${visible(user)} cannot make the directory ${visible(directory)}`);
}

async function refuseUnreadable({ reads, writes }: CheckedAudit, { user, program }: Schedule): Promise<void> {
  const [node, script] = program;
  const tests = [
    ["-x", node],
    ["-r", script],
    ...reads.map((path) => ["-r", path]),
    ...writes.map((path) => ["-w", path]),
  ];
  for (const [flag = "", path = ""] of tests) {
    if (await asUser(user, ["test", flag, path])) continue;
    const what = { "-x": "run", "-r": "read", "-w": "write to" }[flag] ?? "use";
    throw new CurfewError("input", `${visible(user)} cannot ${what} ${visible(path)}`);
  }
}

async function putInPlace(files: readonly ScheduleFile[], scheduler: Scheduler, name: string): Promise<void> {
  const takeBack = await writeScheduleFiles(files);
  const systemd = systemdOf(scheduler);
  if (systemd === undefined) return;
  try {
    await systemd.reload();
    await systemd.enable(`${unitName(name)}.timer`);
  } catch (error) {
    await systemd.disable(`${unitName(name)}.timer`, `${unitName(name)}.service`);
    await takeBack();
    await systemd.reload();
    throw error;
  }
}

async function report(
  files: readonly ScheduleFile[],
  scheduler: Scheduler,
  lines: string,
  name: string,
  terminal: Terminal,
): Promise<void> {
  const { err, errPaint } = terminal;
  err(`${files.map(({ path }) => errPaint.dim(`wrote ${visible(path)}`)).join("\n")}\n`);
  if (scheduler === "crontab") {
    err("add these lines to your crontab (crontab -e):\n");
    return terminal.out([lines]);
  }
  if (scheduler === "systemd-user" && !lingers()) {
    const warning = "lingering is off: the timer runs only while you are logged in";
    err(`${errPaint.yellow("warning:")} ${warning}\n${errPaint.cyan("hint:")} loginctl enable-linger\n`);
  }
  const next = await systemdOf(scheduler)?.next(`${unitName(name)}.timer`);
  await terminal.out([
    next == null ? `schedule ${name}: installed\n` : `schedule ${name}: next audit ${next}\n`,
  ]);
}
