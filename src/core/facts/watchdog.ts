/** How curfew's watchdog runs, by the service manager and by its own word: sections of the part service. */
import type { Seconds } from "../../model/terms/duration.ts";
import { WATCHDOG_FILES } from "../../model/inventory/host-paths.ts";
import type { WatchdogRun, WatchdogWord } from "../../model/facts/watchdog-run.ts";
import { lines, type Sections } from "../answer/sections.ts";
import { visible } from "../text/visible.ts";

/** Undefined where systemd does not run it, or was not asked. */
export function parseWatchdogRun(sections: Sections): WatchdogRun | undefined {
  const { all, now } = shownBy(sections);
  if (all("TimersMonotonic").length + all("TimersCalendar").length === 0) return undefined;
  const hindered = hindranceIn(all);
  const failed = all("Result").find((result) => result !== "success");
  return {
    every: everyOf(all),
    since: sinceOf(all, now),
    took: tookOf(all),
    ...(hindered === undefined ? {} : { hindered }),
    ...(failed === undefined ? {} : { failed: visible(failed).slice(0, 40) }),
  };
}

/** What curfew's units have otherwise, drop-ins and all, and what a watchdog cannot do without (systemd.exec(5)). */
function hindranceIn(all: (key: string) => string[]): string | undefined {
  const wrong = HINDRANCES.flatMap(([key, isRight]) =>
    all(key)
      .filter((value) => !isRight(value))
      .map((value) => `${key}=${value}`),
  );
  const none = all("ExecMainStartTimestampMonotonic").length > 0 && all("ExecStart").length === 0;
  // The timer has both values too. Of a unit that has not run yet the time is 0: no condition was tested.
  const refused = all("ConditionResult").includes("no") && !all("ConditionTimestampMonotonic").includes("0");
  const [found] = none ? ["no ExecStart"] : refused ? ["a condition that is not met"] : wrong;
  return found === undefined ? undefined : visible(found).slice(0, 200);
}

const OWN_COMMAND = `argv[]=/bin/sh ${WATCHDOG_FILES.script} ;`;
const HINDRANCES: readonly (readonly [string, (value: string) => boolean])[] = [
  ["LoadState", (value) => value === "loaded"],
  ["Unit", (value) => value === "curfew-watchdog.service"],
  ["ExecStart", (value) => value.includes(OWN_COMMAND) && value.split("argv[]=").length === 2],
  ["User", (value) => value === "root" || value === "0"],
  ["DynamicUser", (value) => value === "no"],
  ["RootDirectory", (value) => value === "/"],
  ["CapabilityBoundingSet", (value) => /\bcap_kill\b/u.test(value) && /\bcap_sys_ptrace\b/u.test(value)],
  ["PrivateUsers", (value) => value === "no"],
  ["PrivatePIDs", (value) => value === "no"],
  ["ProcSubset", (value) => value === "all"],
];

/**
 * What the watchdog left about its last look, `UPTIME TAB LOOKED TAB BEGUN TAB CAME`. One that has not looked yet is to
 * since it came into force, since the host started, or since its timer did. Undefined where there is none.
 */
export function parseWatchdogWord(sections: Sections): WatchdogWord | undefined {
  const [up = "", looked = "", begun = "", came = ""] = sections.maybe("watchdog-word")?.arguments ?? [];
  if (!/^\d{1,10}$/u.test(up)) return undefined;
  const { all, now } = shownBy(sections);
  const [timer] = all("ActiveEnterTimestamp");
  const started = now - ((timer === undefined ? null : timestamp(timer)) ?? Number.NaN);
  const ago = [looked, begun].map((at) => (/^\d{1,10}$/u.test(at) ? Number(up) - Number(at) : Number.NaN));
  const known = [...ago, started, Number(up)].filter((seconds) => seconds >= 0);
  const cannot = came === "ok" || came === "" ? {} : { cannot: visible(came).slice(0, 200) };
  return { since: Math.min(...known), ...cannot };
}

interface Shown {
  readonly all: (key: string) => string[];
  /** Seconds since 1970, by the host's clock. */
  readonly now: number;
}

/** What `systemctl show` printed of timer and service. */
function shownBy(sections: Sections): Shown {
  const section = sections.maybe("watchdog");
  const said = lines(section).map((line): [string, string] => {
    const equals = line.indexOf("=");
    return [line.slice(0, Math.max(0, equals)), line.slice(equals + 1)];
  });
  return {
    all: (key) => said.flatMap(([name, value]) => (name === key && value !== "" ? [value] : [])),
    now: Number(section?.arguments[0] ?? Number.NaN),
  };
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
