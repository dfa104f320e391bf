import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clientAlive, clientSilence } from "../../../../src/controls/sshd/ending/client-alive.ts";

test.each([
  ["8.4", 180, { interval: 90, countMax: 1, within: 180 }],
  ["9.1", 181, { interval: 90, countMax: 1, within: 180 }],
  ["9.2", 180, { interval: 45, countMax: 1, within: 180 }],
  ["9.4", 60, { interval: 15, countMax: 1, within: 60 }],
  ["9.5", 60, { interval: 30, countMax: 1, within: 60 }],
  ["10.6", 10, { interval: 5, countMax: 1, within: 10 }],
  ["10.6", 1, { interval: 1, countMax: 1, within: 2 }],
  ["9.2", 3, { interval: 1, countMax: 1, within: 4 }],
])("OpenSSH %s ends a silent client within %i s by %j", (text, limit, expected) => {
  const [major = 0, minor = 0] = text.split(".").map(Number);
  expect(clientAlive({ major, minor }, limit)).toEqual(expected);
});

describe("whatever the limit", () => {
  const release = fc.record({
    major: fc.integer({ min: 7, max: 11 }),
    minor: fc.integer({ min: 0, max: 9 }),
  });

  test("it is kept from four seconds on, and never by CountMax 0", () => {
    fc.assert(
      fc.property(release, fc.integer({ min: 4, max: 604800 }), (version, limit) => {
        const { interval, countMax, within } = clientAlive(version, limit);
        expect(interval * (countMax + 1)).toBeLessThanOrEqual(limit);
        expect(within).toBeLessThanOrEqual(limit);
        expect(within).toBeGreaterThan(limit - 4);
        expect(countMax).toBeGreaterThan(0);
      }),
    );
  });

  test("the old recipe takes it as it is", () => {
    expect(clientSilence(300)).toEqual({ interval: 300, countMax: 0, within: 300 });
  });
});
