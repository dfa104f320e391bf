/** `curfew schedule show` and `remove`: what is installed here. */
import { rm } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { didYouMean } from "../../core/text/nearest.ts";
import { definitionIn, schedulePaths, type SchedulePlaces, unitName } from "../../core/schedule/files.ts";
import { visible, visibleJson } from "../../core/text/visible.ts";
import { CurfewError } from "../../model/error.ts";
import type { ScheduleDefinition, Scheduler, ScheduleResult } from "../../model/schedule.ts";
import { scheduleText } from "../../report/audit/schedule-text.ts";
import { takeScheduleLock } from "../../store/schedule/lock.ts";
import { readScheduleResult, scheduleStatePaths } from "../../store/schedule/result.ts";
import { listDirectory, readScheduleFile, removeScheduleFiles } from "../../store/schedule/store.ts";
import { isRoot, placesOf, stampDirectory, systemdOf } from "./places.ts";
import { asUser } from "./as-user.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** A schedule whose files are on this machine. */
export interface FoundSchedule {
  readonly definition: ScheduleDefinition;
  readonly scheduler: Scheduler;
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

/** The last result and the lock, unless a run holds it: without it the next could begin beside that one. */
async function forget({ name, state, user }: ScheduleDefinition, terminal: Terminal): Promise<void> {
  const paths = scheduleStatePaths(state, name);
  if (user !== userInfo().username) {
    await asUser(user, ["rm", "-f", "--", ...paths]);
    return;
  }
  const lock = await takeScheduleLock(state, name);
  lock?.release();
  if (lock !== undefined) await asUser(user, ["rm", "-f", "--", ...paths]);
  else terminal.err("an audit of it is still running; it ends by itself\n");
}

async function namesIn(directory: string, pattern: RegExp): Promise<string[]> {
  return (await listDirectory(directory))
    .map((file) => pattern.exec(file)?.[1])
    .filter((name) => name !== undefined);
}

/** What `show` knows about a schedule. */
interface ShownSchedule extends FoundSchedule {
  /** ISO time; null where nobody can tell, as with cron. */
  readonly next: string | null;
  /** False where the timer does not run. */
  readonly active: boolean | null;
  readonly last: ScheduleResult | null;
}

export async function showSchedules(json: boolean, terminal: Terminal): Promise<void> {
  const found = await findSchedules(placesOf(terminal.environment));
  const shown = await Promise.all(found.map(look));
  await terminal.out([json ? documentOf(shown) : scheduleText(shown, terminal.outPaint)]);
}

async function look({ definition, scheduler }: FoundSchedule): Promise<ShownSchedule> {
  const { name, state } = definition;
  const systemd = systemdOf(scheduler);
  const timer = `${unitName(name)}.timer`;
  const [next, active, last] = await Promise.all([
    systemd?.next(timer).catch(() => null) ?? null,
    systemd?.active(timer) ?? null,
    readScheduleResult(state, name),
  ]);
  return { definition, scheduler, next, active, last: last ?? null };
}

function documentOf(shown: readonly ShownSchedule[]): string {
  const schedules = shown.map(({ definition, scheduler, next, active, last }) => {
    const { name, time, audit, timeout, state, user } = definition;
    return { name, scheduler, time, audit, timeout, state, user, next, active, last };
  });
  const document = { schema: "curfew/schedule/1", summary: { schedules: shown.length }, schedules };
  return visibleJson(`${JSON.stringify(document)}\n`);
}

/**
 * Takes a schedule away: its timer, an audit of it that runs now, its files, systemd's note of its last time, its
 * last result. The history stays. Errors: CurfewError `input` where there is no such schedule of curfew.
 */
export async function removeSchedule(name: string, terminal: Terminal): Promise<void> {
  const places = placesOf(terminal.environment);
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
    await rm(join(stampDirectory(scheduler, terminal.environment), `stamp-${timer}`), { force: true });
  }
  await forget(definition, terminal);
  terminal.err(`${removed.map((path) => terminal.errPaint.dim(`removed ${visible(path)}`)).join("\n")}\n`);
  if (scheduler === "crontab") terminal.err(`take its lines out of your crontab, too: crontab -e\n`);
  await terminal.out([`schedule ${name}: removed; the history stays\n`]);
}
