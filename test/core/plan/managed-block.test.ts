import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  removeBlocks,
  setBlock,
  setBlockOver,
  type BlockPlace,
} from "../../../src/core/plan/managed-block.ts";
import { CurfewError } from "../../../src/model/terms/error.ts";

const BODY = ["one", "two"];
const BLOCK = "# BEGIN curfew x\none\ntwo\n# END curfew x\n";

describe("setBlock", () => {
  test.each<[string, string, BlockPlace, string]>([
    ["an empty file", "", "top", BLOCK],
    ["the top", "a\nb\n", "top", `${BLOCK}a\nb\n`],
    ["the end", "a\nb\n", "end", `a\nb\n${BLOCK}`],
    ["before a line", "a\nb\n", { beforeLine: 2 }, `a\n${BLOCK}b\n`],
    ["the end without a final newline", "a\nb", "end", `a\nb\n${BLOCK.trimEnd()}`],
    ["a CRLF file", "a\r\nb\r\n", "end", `a\r\nb\r\n${BLOCK.replaceAll("\n", "\r\n")}`],
    ["the top of a file without a final newline", "a", "top", `${BLOCK}a`],
  ])("puts the block into %s", (_name, text, place, expected) => {
    expect(setBlock(text, "x", BODY, place)).toBe(expected);
  });

  test("replaces the block, wherever it stood", () => {
    const text = setBlock("a\nb\n", "x", ["old"], "end");
    expect(setBlock(text, "x", BODY, "top")).toBe(`${BLOCK}a\nb\n`);
  });

  test("leaves blocks of other names alone", () => {
    const text = setBlock(setBlock("a\n", "y", ["other"], "end"), "x", BODY, "top");
    expect(setBlock(text, "x", null, "top")).toBe("a\n# BEGIN curfew y\nother\n# END curfew y\n");
    expect(removeBlocks(text)).toBe("a\n");
  });

  test.each([
    ["unterminated", "a\n# BEGIN curfew x\nb\n", "f:2:"],
    ["ending without beginning", "a\nb\n# END curfew x\n", "f:3:"],
    ["twice", `${BLOCK}${BLOCK}`, "f:5:"],
    ["nested", `# BEGIN curfew x\n${BLOCK}`, "f:2:"],
    ["ending as another", "# BEGIN curfew x\n# END curfew y\n", "f:2:"],
  ])("refuses a block that is %s, with its line", (_name, text, where) => {
    const damaged = () => setBlock(text, "x", BODY, "top", "f");
    expect(damaged).toThrow(CurfewError);
    expect(damaged).toThrow(where);
    expect(() => removeBlocks(text, "f")).toThrow(where);
  });
});

const line = fc.oneof(fc.string(), fc.constantFrom("", "#", "# END", "\r", "Match all", "\uFEFF", "é"));
const anyText = fc
  .tuple(fc.array(line), fc.constantFrom("\n", "\r\n"), fc.constantFrom("", "\n", "\r\n"))
  .map(([lines, newline, last]) => lines.join(newline) + last)
  .filter((text) => !text.includes("curfew"));
const anyPlace = fc.oneof(
  fc.constantFrom<BlockPlace>("top", "end"),
  fc.integer({ min: 1, max: 6 }).map((beforeLine) => ({ beforeLine })),
);

describe("whatever the file contains", () => {
  test("putting a block in and taking it out changes not one byte", () => {
    fc.assert(
      fc.property(anyText, anyPlace, (text, place) => {
        expect(setBlock(setBlock(text, "x", BODY, place), "x", null, place)).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  test("putting it in twice is putting it in once", () => {
    fc.assert(
      fc.property(anyText, anyPlace, (text, place) => {
        const once = setBlock(text, "x", BODY, place);
        expect(setBlock(once, "x", BODY, place)).toBe(once);
      }),
    );
  });

  test("two blocks come out in any order", () => {
    fc.assert(
      fc.property(anyText, anyPlace, anyPlace, (text, first, second) => {
        const both = setBlock(setBlock(text, "x", BODY, first), "y", BODY, "top");
        expect(setBlock(setBlock(both, "x", null, second), "y", null, "top")).toBe(text);
        expect(removeBlocks(both)).toBe(text);
      }),
    );
  });
});

describe("setBlockOver", () => {
  const put = (text: string, first: number, last = first): string =>
    setBlockOver(text, "x", BODY, { first, last });
  const over = (was: string): string => BLOCK.replace("\none", `\n# curfew replaces: ${was}\none`);

  test.each<[string, string, string]>([
    ["a line", "a\nb\nc\n", `a\n${over("b")}c\n`],
    ["the last line, without a final newline", "a\nb", `a\n${over("b").trimEnd()}`],
    ["a line of a CRLF file", "a\r\nb\r\n", `a\r\n${over("b").replaceAll("\n", "\r\n")}`],
    ["a line that ends in a lone carriage return", "a\nb\r\nc\n", `a\n${over("b\r")}c\n`],
  ])("keeps %s as a comment, and gives it back", (_name, text, expected) => {
    expect(put(text, 2)).toBe(expected);
    expect(removeBlocks(expected)).toBe(text);
    expect(put(expected, 2)).toBe(expected);
  });

  test("changes not one byte when it is taken out again, whatever the file contains", () => {
    const lines = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(anyText, lines, lines, (text, first, more) => {
        fc.pre((text.match(/[^\n]*\n|[^\n]+$/gu) ?? []).length >= first + more - 1);
        const once = put(text, first, first + more - 1);
        expect(removeBlocks(once)).toBe(text);
        expect(put(once, first, first + more - 1)).toBe(once);
      }),
    );
  });
});

describe("a section's header in a block", () => {
  const block = "# BEGIN curfew x\n[Login]\nA=1\n# END curfew x\n";
  test.each([
    ["goes with it", `a\n${block}`, "a\n"],
    ["goes where only comments follow", `a\n${block}# b\n\n`, "a\n# b\n\n"],
    ["goes where another section follows", `a\n${block}\n[Other]\nb=1\n`, "a\n\n[Other]\nb=1\n"],
    ["stays for lines that somebody put behind it", `a\n${block}b=1\n`, "a\n[Login]\nb=1\n"],
  ])("%s", (_name, text, expected) => {
    expect(removeBlocks(text)).toBe(expected);
  });
});
