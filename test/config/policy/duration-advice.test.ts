import * as fc from "fast-check";
import { expect, test } from "vitest";
import { durationAdvice } from "../../../src/config/policy/duration-advice.ts";
import { formatDuration, parseDuration } from "../../../src/model/terms/duration.ts";

test.each([
  ["900", ', did you mean "900s"?'],
  ["15 min", ', did you mean "15m"?'],
  ["15M", ', did you mean "15m"?'],
  ["1 hour, 30 minutes", ', did you mean "1h30m"?'],
  ["30m1h", ', did you mean "1h30m"?'],
  ["2 days", ', did you mean "48h"?'],
  ["30d", ""],
  ["-5m", ""],
  ["5 parsecs", ""],
  ["off", ", leave the key out where no limit is wanted"],
  ["0", ", leave the key out where no limit is wanted"],
  [undefined, ""],
])("%s%s", (text, advice) => {
  expect(durationAdvice(text)).toBe(advice);
});

test("what is advised is a duration, whatever was written", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{1,8} ?[a-z]{0,7}$/u)), (text) => {
      const guess = /did you mean "(.*)"\?$/u.exec(durationAdvice(text))?.[1];
      expect(guess === undefined || parseDuration(guess) !== undefined).toBe(true);
    }),
  );
});

test("durations survive being written and read", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 604_800 }), (seconds) => {
      expect(parseDuration(formatDuration(seconds))).toBe(seconds);
    }),
  );
});

test.each([
  "",
  "s",
  "1",
  "1d",
  "1m1h",
  "1s1s",
  "0s",
  "0h0m0s",
  " 1s",
  "1s ",
  "-1s",
  "1.5h",
  "1e3s",
  "١s",
  "1h 30m",
])("%j is no duration", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test("what was computed is shown as a person reads it", () => {
  const shown = [862.200000000000045, 59.96, 7.25, 0.04, 3599.6, 61.5].map(formatDuration);
  expect(shown).toEqual(["14m22s", "1m", "7.3s", "0s", "1h", "1m2s"]);
});
