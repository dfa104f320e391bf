/** The schedules that are installed on this machine: found, looked at, taken away. */
import { rm } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { didYouMean } from "../../core/text/nearest.ts";
import { definitionIn, schedulePaths, type SchedulePlaces, unitName } from "../../core/schedule/files.ts";
import { visible } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { ScheduleDefinition, Scheduler, ScheduleResult } from "../../model/record/schedule.ts";
import { takeScheduleLock } from "../../store/schedule/lock.ts";
import { scheduleStatePaths } from "../../store/schedule/result.ts";
import { listDirectory, readScheduleFile, removeScheduleFiles } from "../../store/schedule/store.ts";
import { asUser } from "./as-user.ts";
import { lastResult } from "./last-result.ts";
import { isRoot, placesOf, stampDirectory, systemdOf } from "./places.ts";

/** A schedule whose files are on this machine. */
export interface FoundSchedule {
  readonly definition: ScheduleDefinition;
  readonly scheduler: Scheduler;
}

/** The same, and what is known of its runs. */
export interface SeenSchedule extends FoundSchedule {
  /** ISO time; null where nobody can tell, as with cron. */
  readonly next: string | null;
  /** False where the timer does not run. */
  readonly active: boolean | null;
  readonly last: ScheduleResult | null;
  /** Why the last one is not known. */
  readonly lastUnknown: string | null;
}

/** What `removeSchedule` did. */
export interface RemovedSchedule {
  readonly scheduler: Scheduler;
  /** Paths of the files that were there. */
  readonly removed: readonly string[];
  /** An audit of it is still running, and ends by itself. */
  readonly running: boolean;
}

/** All schedules of root, or of this user, by name. */
export async function findSchedules(places: SchedulePlaces): Promise<FoundSchedule[]> {
  const root = isRoot();
  const candidates = [
    ...(await namesIn(places.units, /^curfew-schedule-(.*)\.service$/u)).map(
      (name) => [name, root ? "systemd" : "systemd-user"] as const,
    ),
    ...(await namesIn(places.scripts, /^schedule-(.*)\.sh$/u)).map(
      (name) => [name, root ? "cron" : "crontab"] as const,
    ),
  ];
  const found: FoundSchedule[] = [];
  for (const [name, scheduler] of candidates) {
    const [path = ""] = schedulePaths(name, scheduler, places);
    const definition = definitionIn((await readScheduleFile(path)) ?? "");
    if (definition?.name === name) found.push({ definition, scheduler });
  }
  return found.toSorted((left, right) => (left.definition.name < right.definition.name ? -1 : 1));
}

async function namesIn(directory: string, pattern: RegExp): Promise<string[]> {
  return (await listDirectory(directory))
    .map((file) => pattern.exec(file)?.[1])
    .filter((name) => name !== undefined);
}

/** All of them, each with its next audit and its last result. */
export async function lookAtSchedules(environment: NodeJS.ProcessEnv): Promise<SeenSchedule[]> {
  return Promise.all((await findSchedules(placesOf(environment))).map((found) => lookAt(found, environment)));
}

async function lookAt(
  { definition, scheduler }: FoundSchedule,
  environment: NodeJS.ProcessEnv,
): Promise<SeenSchedule> {
  const { name } = definition;
  const systemd = systemdOf(scheduler);
  const timer = `${unitName(name)}.timer`;
  const [next, active, last] = await Promise.all([
    systemd?.next(timer).catch(() => null) ?? null,
    systemd?.active(timer) ?? null,
    lastResult(definition, environment),
  ]);
  return { definition, scheduler, next, active, ...last };
}

/**
 * Takes a schedule away: its timer, an audit of it that runs now, its files, systemd's note of its last time, its
 * last result. The history stays. Errors: CurfewError `input` where there is no such schedule of curfew.
 */
export async function removeSchedule(name: string, environment: NodeJS.ProcessEnv): Promise<RemovedSchedule> {
  const places = placesOf(environment);
  const schedules = await findSchedules(places);
  const found = schedules.find(({ definition }) => definition.name === name);
  if (found === undefined) {
    const names = schedules.map(({ definition }) => definition.name);
    const hint = names.length === 0 ? "no schedule is installed here" : `installed: ${names.join(", ")}`;
    throw new CurfewError("input", `there is no schedule ${visible(name)}${didYouMean(name, names)}`, {
      hint,
    });
  }
  const { definition, scheduler } = found;
  const systemd = systemdOf(scheduler);
  const [service, timer] = [`${unitName(name)}.service`, `${unitName(name)}.timer`];
  await systemd?.disable(timer, service);
  const removed = await removeScheduleFiles(schedulePaths(name, scheduler, places));
  await systemd?.reload();
  await systemd?.forget(service, timer);
  if (systemd !== undefined) {
    await rm(join(stampDirectory(scheduler, environment), `stamp-${timer}`), { force: true });
  }
  return { scheduler, removed, running: !(await forget(definition)) };
}

/** The last result and the lock, unless a run holds it: without it the next could begin beside that one. */
async function forget({ name, state, user }: ScheduleDefinition): Promise<boolean> {
  const paths = scheduleStatePaths(state, name);
  const lock = user === userInfo().username ? await takeScheduleLock(state, name) : undefined;
  lock?.release();
  if (user === userInfo().username && lock === undefined) return false;
  await asUser(user, ["rm", "-f", "--", ...paths]);
  return true;
}
