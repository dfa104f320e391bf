/** `curfew schedule show` and `remove`, for people and programs. */
import { visible, visibleJson } from "../../core/text/visible.ts";
import { lookAtSchedules, removeSchedule, type SeenSchedule } from "../../flow/schedule/installed.ts";
import { scheduleText } from "../../report/audit/schedule-text.ts";
import type { Terminal } from "../terminal/terminal.ts";

export async function showSchedules(json: boolean, terminal: Terminal): Promise<void> {
  const seen = await lookAtSchedules(terminal.environment);
  await terminal.out([json ? documentOf(seen) : scheduleText(seen, terminal.outPaint)]);
}

function documentOf(seen: readonly SeenSchedule[]): string {
  const schedules = seen.map(({ definition, scheduler, next, active, last, lastUnknown }) => {
    const { name, time, audit, timeout, state, user } = definition;
    return { name, scheduler, time, audit, timeout, state, user, next, active, last, lastUnknown };
  });
  const document = { schema: "curfew/schedule/1", summary: { schedules: seen.length }, schedules };
  return visibleJson(`${JSON.stringify(document)}\n`);
}

/** Errors: those of `removeSchedule`. */
export async function takeScheduleAway(name: string, terminal: Terminal): Promise<void> {
  const { scheduler, removed, running } = await removeSchedule(name, terminal.environment);
  if (running) terminal.err("an audit of it is still running; it ends by itself\n");
  terminal.err(`${removed.map((path) => terminal.errPaint.dim(`removed ${visible(path)}`)).join("\n")}\n`);
  if (scheduler === "crontab") terminal.err(`take its lines out of your crontab, too: crontab -e\n`);
  await terminal.out([`schedule ${name}: removed; the history stays\n`]);
}
