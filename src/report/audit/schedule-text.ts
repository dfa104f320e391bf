import { formatDuration } from "../../model/terms/duration.ts";
import type { ScheduleDefinition, Scheduler, ScheduleResult } from "../../model/record/schedule.ts";
import { visible } from "../../core/text/visible.ts";
import { timeText } from "./words.ts";
import type { Paint } from "../layout/paint.ts";

/** What is said about a schedule that is installed. */
export interface ScheduleView {
  readonly definition: ScheduleDefinition;
  readonly scheduler: Scheduler;
  readonly next: string | null;
  readonly active: boolean | null;
  readonly last: ScheduleResult | null;
  readonly lastUnknown: string | null;
}

/** A few lines per schedule. */
export function scheduleText(schedules: readonly ScheduleView[], paint: Paint): string {
  if (schedules.length === 0) return "no schedules here: curfew schedule install makes one\n";
  return `${schedules.map((schedule) => scheduleLines(schedule, paint).join("\n")).join("\n\n")}\n`;
}

function scheduleLines(
  { definition, scheduler, next, active, last, lastUnknown }: ScheduleView,
  paint: Paint,
): string[] {
  const { name, time, timeout, user, audit } = definition;
  const when = time.kind === "every" ? `every ${formatDuration(time.seconds)}` : time.text;
  const how = `${scheduler}, as ${visible(user)}, each audit at most ${formatDuration(timeout)}`;
  return [
    `${paint.bold(name)}  ${visible(when)}  ${paint.dim(`(${how})`)}`,
    `  next  ${nextText(scheduler, next, active, paint)}`,
    ...(lastUnknown === null ? [] : [`  last  ${paint.yellow(`unknown: ${visible(lastUnknown)}`)}`]),
    ...(lastUnknown !== null && last === null ? [] : [`  last  ${lastText(last, paint)}`]),
    `  ${paint.dim(`curfew audit ${visible(audit.join(" "))}`)}`,
  ];
}

function nextText(scheduler: Scheduler, next: string | null, active: boolean | null, paint: Paint): string {
  if (active === false) return paint.red("never: its timer does not run");
  if (next !== null) return timeText(next);
  return scheduler === "cron" || scheduler === "crontab" ? "when cron says so" : "unknown";
}

const VERDICTS: Readonly<Record<number, string>> = {
  0: "passed",
  2: "failed",
  3: "something could not be judged, stored or told",
};

function lastText(last: ScheduleResult | null, paint: Paint): string {
  if (last === null) return "no audit yet";
  const { startedAt, outcome, exitCode, reason, unfinishedSince } = last;
  const when = timeText(startedAt);
  if (outcome === "running") return `${when}  running, or killed`;
  if (outcome === "stopped") return `${when}  stopped`;
  if (outcome === "finished") {
    const text = VERDICTS[exitCode ?? 1] ?? `exit code ${exitCode}`;
    return `${when}  ${exitCode === 0 ? paint.green(text) : paint.red(text)}`;
  }
  const since = unfinishedSince === null ? "" : `; none finished since ${timeText(unfinishedSince)}`;
  return `${when}  ${paint.red(`did not finish: ${visible(reason ?? "")}`)}${since}`;
}
