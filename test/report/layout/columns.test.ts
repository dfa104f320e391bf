import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fit, pad, table, widthOf } from "../../../src/report/layout/columns.ts";
import { createPaint } from "../../../src/report/layout/paint.ts";

test.each([
  ["", 0],
  ["web1", 4],
  ["bücher", 6],
  ["bu\u0308cher", 6],
  ["店", 2],
  ["ｗｅｂ", 6],
  ["한국", 4],
  ["👍", 2],
  ["👨‍👩‍👧", 2],
  ["✓ ok", 4],
  [createPaint(true).red("web1"), 4],
])("%j takes %i columns", (text, columns) => {
  expect(widthOf(text)).toBe(columns);
});

describe("fit", () => {
  test.each([
    ["web1", 4, "web1"],
    ["web10", 4, "web…"],
    ["店店店", 4, "店…"],
    ["web1", 1, "…"],
    ["web1", 0, ""],
  ])("%j to %i columns is %j", (text, columns, expected) => {
    expect(fit(text, columns)).toBe(expected);
  });

  test("never exceeds the width, never pads", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(40), (text, columns) => {
        const line = text.replaceAll(/\p{C}/gu, "");
        expect(widthOf(fit(line, columns))).toBeLessThanOrEqual(columns);
        expect(widthOf(pad(fit(line, columns), columns))).toBe(columns);
      }),
    );
  });
});

test("a table has straight columns and no blanks at line ends", () => {
  expect(table([["店", "a"], ["web1", "b", "c"], ["x"]])).toEqual(["店    a", "web1  b  c", "x"]);
});
