import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseWaves, waves } from "../../../src/core/plan/waves.ts";

const hosts = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("waves", () => {
  test.each([
    [20, ["1", "10%", "100%"], [1, 1, 18]],
    [500, ["1", "10%", "100%"], [1, 49, 450]],
    [3, ["1", "10%", "100%"], [1, 2]],
    [1, ["1", "10%", "100%"], [1]],
    [5, ["2"], [2, 3]],
    [5, ["100%"], [5]],
    [0, ["1", "100%"], []],
  ])("%i hosts in %j are waves of %j", (count, sizes, expected) => {
    expect(waves(hosts(count), sizes).map((wave) => wave.length)).toEqual(expected);
  });

  test("every host is in exactly one wave, in order, whatever the sizes", () => {
    const size = fc.oneof(
      fc.integer({ min: 1, max: 2000 }).map(String),
      fc.integer({ min: 1, max: 100 }).map((share) => `${share}%`),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.array(size, { maxLength: 5 }), (count, sizes) => {
        expect(waves(hosts(count), sizes).flat()).toEqual(hosts(count));
      }),
    );
  });

  test.each(["0", "-1", "101%", "0%", "a", "", "1,,2", "1.5", "10 %", "9999999"])("refuses %j", (text) => {
    expect(() => parseWaves(text)).toThrow(expect.objectContaining({ code: "usage" }));
  });
});
