import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { cronTime, timerSettings } from "../../../src/core/schedule/time.ts";
import { parseDuration } from "../../../src/model/terms/duration.ts";
import type { ScheduleTime } from "../../../src/model/record/schedule.ts";

const every = (text: string): ScheduleTime => ({ kind: "every", seconds: parseDuration(text) ?? 0 });
const calendar = (text: string): ScheduleTime => ({ kind: "calendar", text });

describe("systemd", () => {
  test.each([
    ["5m", { calendar: "*-*-* *:00/5:00", delay: 15 }],
    ["1h", { calendar: "*-*-* 00/1:00:00", delay: 180 }],
    ["6h", { calendar: "*-*-* 00/6:00:00", delay: 300 }],
    ["24h", { calendar: "*-*-* 00:00:00", delay: 300 }],
    ["168h", { calendar: "Mon *-*-* 00:00:00", delay: 300 }],
    ["7m", { every: 420, delay: 21 }],
    ["5h", { every: 18_000, delay: 300 }],
    ["90s", { every: 90, delay: 4 }],
    ["48h", { every: 172_800, delay: 300 }],
  ])("every %s", (text, settings) => expect(timerSettings(every(text))).toEqual(settings));

  const lacks = spawnSync("systemd-analyze", ["--version"]).status !== 0;
  test.skipIf(lacks).each(["1m", "5m", "20m", "1h", "6h", "24h", "168h"])(
    "systemd itself elapses every %s as often as was asked",
    (text) => {
      const { calendar: event = "" } = timerSettings(every(text));
      const { stdout } = spawnSync("systemd-analyze", ["calendar", "--iterations=30", event], {
        encoding: "utf8",
        env: { ...process.env, TZ: "UTC", LC_ALL: "C" },
      });
      const times = [...stdout.matchAll(/(?:elapse|#\d+): \w+ ([\d-]+) ([\d:]+) UTC/gu)].map(
        ([, day, time]) => Date.parse(`${day}T${time}Z`),
      );
      expect(times).toHaveLength(30);
      const gaps = new Set(times.slice(1).map((time, index) => (time - (times[index] ?? 0)) / 1000));
      expect([...gaps]).toEqual([parseDuration(text)]);
    },
  );
});

describe("cron", () => {
  test.each([
    [every("5m"), "*/5 * * * *", 300],
    [every("1h"), "0 * * * *", 3600],
    [every("6h"), "0 */6 * * *", 21_600],
    [every("24h"), "0 0 * * *", 86_400],
    [every("168h"), "0 0 * * 1", 604_800],
    [calendar("Daily"), "0 0 * * *", 86_400],
    [calendar("06:05"), "5 6 * * *", 86_400],
    [calendar("Mon..Fri 06:00"), "0 6 * * 1,2,3,4,5", 3 * 86_400],
    [calendar("Fri..Mon 6:00:00"), "0 6 * * 0,1,5,6", 4 * 86_400],
    [calendar("Sunday,wed 22:30"), "30 22 * * 0,3", 4 * 86_400],
    [calendar("sat 22:30"), "30 22 * * 6", 604_800],
  ])("%j", (time, fields, longest) => expect(cronTime(time)).toEqual({ fields, longest }));

  test.each([
    every("7m"),
    every("5h"),
    every("90s"),
    every("48h"),
    calendar("*-*-* 00/6:00:00"),
    calendar("Mon..Fri"),
    calendar("Mon..Tue..Fri 06:00"),
    calendar("Mno 06:00"),
    calendar("24:00"),
    calendar("06:00:30"),
    calendar("06:00 Europe/Berlin"),
  ])("cannot do %j", (time) => expect(() => cronTime(time)).toThrow(/cron cannot/u));
});
