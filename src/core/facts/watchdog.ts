/** How the service manager runs curfew's watchdog; the section `watchdog` of the part service. */
import type { Seconds } from "../../model/terms/duration.ts";
import type { WatchdogRun } from "../../model/facts/watchdog-run.ts";
import { lines, type Sections } from "../answer/sections.ts";

/** Undefined where systemd does not run it, or was not asked. */
export function parseWatchdogRun(sections: Sections): WatchdogRun | undefined {
  const section = sections.maybe("watchdog");
  const said = lines(section).map((line): [string, string] => {
    const equals = line.indexOf("=");
    return [line.slice(0, Math.max(0, equals)), line.slice(equals + 1)];
  });
  const all = (key: string): string[] =>
    said.flatMap(([name, value]) => (name === key && value !== "" ? [value] : []));
  if (all("TimersMonotonic").length + all("TimersCalendar").length === 0) return undefined;
  const now = Number(section?.arguments[0] ?? Number.NaN);
  return { every: everyOf(all), since: sinceOf(all, now), took: tookOf(all) };
}

/** From one start to the next, as the timer's files and their drop-ins say together (systemd.timer(5)). */
function everyOf(all: (key: string) => string[]): Seconds | null {
  const periods = all("TimersMonotonic").flatMap((line) => {
    const [, base, period] = /^\{ On(Unit(?:Active|Inactive))USec=([^;]*?) ;/u.exec(line) ?? [];
    return base === undefined ? [] : [timespan(period ?? "")];
  });
  if (periods.length === 0 || periods.some((period) => period === null)) return null;
  const late = [...all("AccuracyUSec"), ...all("RandomizedDelayUSec")].map(timespan);
  const slack = late.reduce<number>((sum, each) => sum + (each ?? 0), 0);
  return Math.min(...periods.map((period) => period ?? 0)) + (slack < 1 ? 0 : slack);
}

/** Seconds since it last ran, or since the timer was started: it has to wait for its first turn. */
function sinceOf(all: (key: string) => string[], now: number): Seconds | null {
  const times = [...all("LastTriggerUSec"), ...all("ActiveEnterTimestamp").slice(0, 1)].map(timestamp);
  const known = times.filter((time) => time !== null && Number.isFinite(now - time));
  return known.length === 0 ? null : Math.max(0, now - Math.max(...known.map((time) => time ?? 0)));
}

/** Of its last run. Null where it never came to an end. */
function tookOf(all: (key: string) => string[]): Seconds | null {
  const [start, exit] = ["Start", "Exit"].map((end) =>
    Number(all(`ExecMain${end}TimestampMonotonic`)[0] ?? 0),
  );
  if (start === undefined || exit === undefined || start === 0 || exit < start) return null;
  return Math.round((exit - start) / 1e5) / 10;
}

/** `Sun 2026-11-29 19:37:46 UTC`, as seconds since 1970. */
function timestamp(text: string): number | null {
  const [, day, time] = /^\w{3} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)? UTC$/u.exec(text) ?? [];
  const parsed = Date.parse(`${day ?? ""}T${time ?? ""}Z`);
  return Number.isNaN(parsed) ? null : parsed / 1000;
}

const UNITS: Readonly<Record<string, number>> = {
  y: 31_557_600,
  month: 2_629_800,
  w: 604_800,
  d: 86_400,
  h: 3600,
  min: 60,
  s: 1,
  ms: 1e-3,
  us: 1e-6,
};

/** `1min 30s`, as systemd prints it (systemd.time(7)); null for anything else. */
function timespan(text: string): Seconds | null {
  if (text === "0") return 0;
  const parts = text.split(" ").map((part) => /^(\d{1,12}(?:\.\d{1,9})?)(\D{1,5})$/u.exec(part));
  const seconds = parts.map((part) => Number(part?.[1]) * (UNITS[part?.[2] ?? ""] ?? Number.NaN));
  const sum = seconds.reduce((total, each) => total + each, 0);
  return Number.isFinite(sum) ? sum : null;
}
