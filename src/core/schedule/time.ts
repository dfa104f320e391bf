/** When a schedule's runs begin, in the words of systemd and of cron. */
import { CurfewError } from "../../model/terms/error.ts";
import { formatDuration, type Seconds } from "../../model/terms/duration.ts";
import type { ScheduleTime } from "../../model/record/schedule.ts";

/** What a timer unit says (systemd.timer(5)). */
export interface TimerSettings {
  /** `OnCalendar=`; undefined where the distance does not divide a day, and only `every` is left. */
  readonly calendar?: string;
  /** `OnUnitActiveSec=`, from a first run soon after boot and after the installation. */
  readonly every?: Seconds;
  /** `RandomizedDelaySec=`: many controllers must not all begin at midnight sharp. */
  readonly delay: Seconds;
}

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const WEEK = 7 * DAY;

/**
 * Where the distance divides a day, times of day: only they are caught up after the machine was off
 * (`Persistent=`). Any other distance counts from the last run and begins anew at boot, which catches up, too.
 */
export function timerSettings(time: ScheduleTime): TimerSettings {
  if (time.kind === "calendar") return { calendar: time.text, delay: 10 };
  const { seconds } = time;
  const delay = Math.min(5 * MINUTE, Math.floor(seconds / 20));
  const calendar = calendarOf(seconds);
  return calendar === undefined ? { every: seconds, delay } : { calendar, delay };
}

function calendarOf(seconds: Seconds): string | undefined {
  if (seconds === WEEK) return "Mon *-*-* 00:00:00";
  if (seconds === DAY) return "*-*-* 00:00:00";
  if (seconds % HOUR === 0 && DAY % seconds === 0) return `*-*-* 00/${seconds / HOUR}:00:00`;
  if (seconds % MINUTE === 0 && HOUR % seconds === 0) return `*-*-* *:00/${seconds / MINUTE}:00`;
  return undefined;
}

/** What a crontab says. */
export interface CronTime {
  /** The five fields of crontab(5). */
  readonly fields: string;
  /** The longest distance of two runs: after a boot, a run that is older is caught up. */
  readonly longest: Seconds;
}

/**
 * The same times for cron, which knows neither seconds nor distances that do not divide a day.
 * Errors: CurfewError `usage` for what it cannot do.
 */
export function cronTime(time: ScheduleTime): CronTime {
  if (time.kind === "calendar") return calendarFields(time.text);
  const { seconds } = time;
  const fields = everyFields(seconds);
  if (fields !== undefined) return { fields, longest: seconds };
  throw new CurfewError("usage", `cron cannot run something every ${formatDuration(seconds)}`, {
    hint: "give minutes that divide an hour, hours that divide a day, 24h or 168h",
  });
}

function everyFields(seconds: Seconds): string | undefined {
  if (seconds === WEEK) return "0 0 * * 1";
  if (seconds === DAY) return "0 0 * * *";
  if (seconds === HOUR) return "0 * * * *";
  if (seconds % HOUR === 0 && DAY % seconds === 0) return `0 */${seconds / HOUR} * * *`;
  if (seconds % MINUTE === 0 && HOUR % seconds === 0) return `*/${seconds / MINUTE} * * * *`;
  return undefined;
}

const WORDS: Readonly<Record<string, CronTime>> = {
  hourly: { fields: "0 * * * *", longest: HOUR },
  daily: { fields: "0 0 * * *", longest: DAY },
  weekly: { fields: "0 0 * * 1", longest: WEEK },
  monthly: { fields: "0 0 1 * *", longest: 31 * DAY },
};
const NAMES = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/** `06:00`, `Mon..Fri 06:00`, `Sat,Sun 22:30`, `daily`: what means the same in both. */
function calendarFields(text: string): CronTime {
  const word = WORDS[text.trim().toLowerCase()];
  if (word !== undefined) return word;
  const match = /^(?:([a-z.,]+)\s+)?([01]?\d|2[0-3]):([0-5]\d)(?::00)?$/iu.exec(text.trim());
  const days = match?.[1] === undefined ? [0, 1, 2, 3, 4, 5, 6] : weekdays(match[1]);
  if (match === null || days === undefined) {
    throw new CurfewError("usage", `cron cannot do ${JSON.stringify(text)}`, {
      hint: 'with cron a calendar is daily, weekly, monthly, "06:00" or "Mon..Fri 06:00"',
    });
  }
  const list = days.length === 7 ? "*" : days.join(",");
  return { fields: `${Number(match[3])} ${Number(match[2])} * * ${list}`, longest: longestGap(days) * DAY };
}

/** Day numbers of cron, sorted; undefined where a name is none. */
function weekdays(text: string): number[] | undefined {
  const days = new Set<number>();
  for (const part of text.toLowerCase().split(",")) {
    const ends = part
      .split("..")
      .map((name) => NAMES.findIndex((known) => name === known || FULL(known) === name));
    const [first = -1, last = first] = ends;
    if (ends.length > 2 || first < 0 || last < 0) return undefined;
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === last) break;
    }
  }
  return [...days].toSorted((left, right) => left - right);
}

function FULL(name: (typeof NAMES)[number]): string {
  return {
    sun: "sunday",
    mon: "monday",
    tue: "tuesday",
    wed: "wednesday",
    thu: "thursday",
    fri: "friday",
    sat: "saturday",
  }[name];
}

function longestGap(days: readonly number[]): number {
  return Math.max(...days.map((day, index) => (days[index + 1] ?? (days[0] ?? 0) + 7) - day));
}
