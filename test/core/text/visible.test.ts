import * as fc from "fast-check";
import { expect, test } from "vitest";
import { visible, visibleJson, visibleLines } from "../../../src/core/text/visible.ts";

test.each([
  ["web1", "web1"],
  ["bücher-店 ✓", "bücher-店 ✓"],
  ["a\nb\tc\r", "a\\nb\\tc\\r"],
  ["\u001b[2J\u0007", "\\u{1b}[2J\\u{7}"],
  ["\u009b31m", "\\u{9b}31m"],
  ["safe\u202eevil", "safe\\u{202e}evil"],
  ["zero\u200bwidth\ufeff", "zero\\u{200b}width\\u{feff}"],
  ["\ud800", "\\u{d800}"],
  ["\u2028", "\\u{2028}"],
])("visible(%j) is %j", (text, expected) => {
  expect(visible(text)).toBe(expected);
});

test("visibleLines keeps lines, drops a carriage return at their ends, spreads tabs", () => {
  expect(visibleLines("a\r\n\tb\rc\n")).toBe("a\n    b\\rc\n");
});

test("nothing that acts on a terminal is left, and what is visible stays", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(visible(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect(visible(visible(text))).toBe(visible(text));
      expect(visibleLines(text)).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }),
  );
});

test("JSON reads back the same and holds nothing that acts on a terminal", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const json = visibleJson(JSON.stringify(text));
      expect(JSON.parse(json)).toBe(text);
      expect(json).not.toMatch(/[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u);
    }),
  );
});
