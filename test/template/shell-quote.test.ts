import { spawnSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { command, quote } from "../../src/template/shell-quote.ts";
import { CurfewError } from "../../src/model/terms/error.ts";

/** A shell, as the arguments before the text it has to run; left out where it is not installed. */
const SHELLS = [["dash"], ["bash"], ["bash", "--posix"], ["busybox", "ash"], ["zsh"]].filter(
  ([file = ""]) => spawnSync(file, ["--help"], { stdio: "ignore" }).error === undefined,
);

/** Every byte string that an argument can carry, hostile pieces more often than chance would give. */
const word = fc.oneof(
  fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", "")),
  fc
    .array(
      fc.constantFrom("'", '"', "\\", "$(id)", "`id`", "\n", "\r", " ", "*", "~", "!", ";", "&", "-n", "ä"),
    )
    .map((parts) => parts.join("")),
);

test("the shells that every Debian has are among those tried", () => {
  expect(SHELLS.map(([file]) => file)).toEqual(expect.arrayContaining(["dash", "bash"]));
});

describe.each(SHELLS)("read back by %s %s", (file, ...options) => {
  test("every argument arrives as it was", () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (argv) => {
        // Surrogates that stand alone have no UTF-8 form; an argument is UTF-8 by the time it is sent.
        const sent = argv.map((text) => Buffer.from(text).toString());
        const script = command(["printf", "%s\\0", ...sent]);
        const { stdout } = spawnSync(file ?? "", [...options, "-c", script]);
        expect(stdout.toString()).toBe(sent.map((text) => `${text}\0`).join(""));
      }),
      { numRuns: 150 },
    );
  });
});

test("a NUL is refused, for no shell word can carry it", () => {
  expect(() => quote("a\0b")).toThrow(CurfewError);
});

test.each([
  ["", "''"],
  ["plain", "'plain'"],
  ["it's", `'it'\\''s'`],
])("%j is written %s", (text, expected) => {
  expect(quote(text)).toBe(expected);
});
