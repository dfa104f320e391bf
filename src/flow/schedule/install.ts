/** Puts a schedule in place: everything is checked, then written, then started; or nothing is left. */
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
import { checkCalendar } from "../../host/systemd.ts";
import { type Alerts, secretsOf } from "../../model/record/alert.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { Schedule, Scheduler, ScheduleTime } from "../../model/record/schedule.ts";
import { stateDirectory } from "../../store/file/xdg.ts";
import { writeScheduleFiles } from "../../store/schedule/store.ts";
import { asUser } from "./as-user.ts";
import { findSchedules } from "./installed.ts";
import { chooseScheduler, curfewScript, isRoot, placesOf, systemdOf } from "./places.ts";

/** What is to run when, as which user, and what was found in its files. */
export interface ScheduleRequest {
  readonly name: string;
  readonly time: ScheduleTime;
  /** Seconds; a time that fits the schedule if left out. */
  readonly timeout?: Seconds | undefined;
  /** Where other machines may have it: seconds between the audits of two of them. */
  readonly apart?: Seconds | undefined;
  readonly cron: boolean;
  readonly runAs?: string | undefined;
  readonly environmentFile?: string | undefined;
  /** The arguments of `curfew audit`. */
  readonly audit: string[];
  readonly alerts: Alerts | undefined;
  /** Files that the audit reads, and directories that it writes to, absolute. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Where reports go, absolute. */
  readonly output?: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
}

/** What is in place now. */
export interface InstalledSchedule {
  readonly scheduler: Scheduler;
  readonly files: readonly ScheduleFile[];
  /** What the user has to add to a crontab; else empty. */
  readonly crontab: string;
  /** ISO time of the first audit; null where it is not known. */
  readonly next: string | null;
}

/** Errors: CurfewError `usage`, `input`, and `remote` for what systemd refused; nothing is left then. */
export async function installSchedule(request: ScheduleRequest): Promise<InstalledSchedule> {
  const { name, time, environment, output } = request;
  const scheduler = await chooseScheduler(request.cron);
  refuseEnvironment(scheduler, request);
  if (time.kind === "calendar" && systemdOf(scheduler) !== undefined) await checkCalendar(time.text);
  const places = placesOf(environment);
  await refuseOther(name, scheduler, places);
  const schedule = await describe(request);
  const files = scheduleFiles(schedule, scheduler, places);
  for (const directory of [schedule.state, ...(output === undefined ? [] : [output])])
    await makeDirectory(directory, schedule.user);
  await refuseUnreadable(request, schedule);
  await putInPlace(files, scheduler, name);
  const crontab = scheduler === "crontab" ? crontabLines(schedule, places) : "";
  const next = await systemdOf(scheduler)?.next(`${unitName(name)}.timer`);
  return { scheduler, files, crontab, next: next ?? null };
}

/** A secret that is in the environment now would not be there when the timer starts the audit. */
function refuseEnvironment(scheduler: Scheduler, { alerts, environmentFile }: ScheduleRequest): void {
  if (environmentFile !== undefined) {
    if (systemdOf(scheduler) !== undefined) return;
    throw new CurfewError("usage", "--environment-file is for systemd: cron has no such thing");
  }
  const variable = (alerts?.webhooks ?? []).flatMap(secretsOf).find((source) => "env" in source);
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

async function describe(request: ScheduleRequest): Promise<Schedule> {
  const self = userInfo();
  const { time, alerts, writes, environment, runAs = self.username, environmentFile } = request;
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
    name: request.name,
    time,
    audit: request.audit,
    timeout: request.timeout ?? limit,
    state,
    user: runAs,
    program: [process.execPath, curfewScript()],
    directory: process.cwd(),
    writes,
    mails: (alerts?.mail ?? []).length > 0,
    foreign: owners.some((uid) => uid !== 0),
    ...(environmentFile === undefined ? {} : { environmentFile: resolve(environmentFile) }),
    ...(request.apart === undefined ? {} : { apart: request.apart }),
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

async function refuseUnreadable(
  { reads, writes }: ScheduleRequest,
  { user, program }: Schedule,
): Promise<void> {
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
