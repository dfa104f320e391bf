import * as fc from "fast-check";
import { expect, test } from "vitest";
import { splitWords } from "../../../src/config/forms/shell-words.ts";

test.each([
  ["a b  c", ["a", "b", "c"]],
  [`a="b c" d='e f'`, ["a=b c", "d=e f"]],
  [`a="x \\" y" b='\\'`, [`a=x " y`, "b=\\"]],
  ["a\\ b c", ["a b", "c"]],
  ["a # b", ["a"]],
  ["a#b", ["a"]],
  ["'a#b'", ["a#b"]],
  [`a ""`, ["a", ""]],
  ["", []],
])("%j", (line, expected) => {
  const words = splitWords(line);
  expect(Array.isArray(words) && words.map(({ text }) => text)).toEqual(expected);
});

test("offsets point at the first character of each word", () => {
  expect(splitWords(`ab  "c d" e`)).toEqual([
    { text: "ab", offset: 0 },
    { text: "c d", offset: 4 },
    { text: "e", offset: 10 },
  ]);
});

test.each([
  ['a "b', "no closing double quote"],
  ["a 'b", "no closing single quote"],
  ["a\\", "nothing follows the backslash"],
])("%j is refused", (line, expected) => {
  expect(splitWords(line)).toBe(expected);
});

test("words quoted for a POSIX shell come back as they were", () => {
  const word = fc.string({ unit: fc.constantFrom(..."ab '\"\\#=$".split("")), maxLength: 8 });
  fc.assert(
    fc.property(fc.array(word, { maxLength: 5 }), (words) => {
      const line = words.map((text) => `'${text.replaceAll("'", `'\\''`)}'`).join(" ");
      const read = splitWords(line);
      expect(Array.isArray(read) && read.map(({ text }) => text)).toEqual(words);
    }),
  );
});
