import { assert, jsonValue, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { asciiJson, asciiText } from "../../../src/report/layout/ascii.ts";

describe("text without Unicode", () => {
  test.each([
    ["✓ kept, ✗ dropped… → “so”", '+ kept, x dropped... -> "so"'],
    ["bücher-店", "b\\u{fc}cher-\\u{5e97}"],
    ["\u001b[31m✗\u001b[39m", "\u001b[31mx\u001b[39m"],
  ])("%s", (given, expected) => {
    expect(asciiText(given)).toBe(expected);
  });

  test("is ASCII whatever it was, and ASCII stays", () => {
    assert(
      property(string({ unit: "binary" }), (text) => {
        expect(asciiText(text)).toMatch(/^[\u0000-\u007f]*$/u);
        expect(asciiText(asciiText(text))).toBe(asciiText(text));
      }),
    );
  });
});

test("JSON reads back the same", () => {
  assert(
    property(jsonValue({ stringUnit: "binary" }), (value) => {
      const json = asciiJson(JSON.stringify(value));
      expect(json).toMatch(/^[\u0020-\u007e]*$/u);
      expect(JSON.stringify(JSON.parse(json))).toBe(JSON.stringify(value));
    }),
  );
});
