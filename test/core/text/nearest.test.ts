import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { didYouMean, nearest, shown } from "../../../src/core/text/nearest.ts";
import { visible } from "../../../src/core/text/visible.ts";

const FIELDS = ["client_idle_timeout", "unresponsive_timeout", "warn_before", "users", "groups", "hosts"];

test.each([
  ["client_idle_timout", "client_idle_timeout"],
  ["client-idle-timeout", "client_idle_timeout"],
  ["CLIENT_IDLE_TIMEOUT", "client_idle_timeout"],
  ["idle_timeout", "client_idle_timeout"],
  ["user", "users"],
  ["gruops", "groups"],
  ["hots", "hosts"],
  ["timeout", undefined],
  ["zzz", undefined],
  ["", undefined],
  ["x".repeat(500), undefined],
])("nearest to %s is %s", (word, expected) => {
  expect(nearest(word, FIELDS)).toBe(expected);
});

test("ties go to the first in alphabetical order", () => {
  expect(nearest("wex", ["web", "wed"])).toBe("web");
  expect(nearest("wex", ["wed", "web"])).toBe("web");
});

test("a swap of neighbours is one edit, closer than two replacements", () => {
  expect(nearest("abdc", ["abcd", "abee"])).toBe("abcd");
});

test("did you mean says nothing where there is nothing to say", () => {
  expect(didYouMean("sshd", ["sshd"])).toBe("");
  expect(didYouMean("qqqqqq", FIELDS)).toBe("");
  expect(didYouMean("ssh", ["sshd", "logind"])).toBe(', did you mean "sshd"?');
});

describe("text from outside", () => {
  test.each([
    ["a\nb", '"a\\nb"'],
    ['say "hi"', '"say \\"hi\\""'],
    ["\u001b[31mred", '"\\u{1b}[31mred"'],
    ["a\u202eb", '"a\\u{202e}b"'],
    ["a\ud800b", '"a\\u{d800}b"'],
  ])("%j is shown as %s", (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  test("never contains a control or invisible character, whatever comes in", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(shown(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(visible(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});
