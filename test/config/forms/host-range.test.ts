import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expandHosts } from "../../../src/config/forms/host-range.ts";

test.each([
  ["web", ["web"], undefined],
  ["web:22", ["web"], "22"],
  ["web[1:3]", ["web1", "web2", "web3"], undefined],
  ["web[01:03].x:2222", ["web01.x", "web02.x", "web03.x"], "2222"],
  ["web[08:11]", ["web08", "web09", "web10", "web11"], undefined],
  ["web[:2]", ["web0", "web1", "web2"], undefined],
  ["web[1:10:4]", ["web1", "web5", "web9"], undefined],
  ["db-[a:c]", ["db-a", "db-b", "db-c"], undefined],
  ["db-[a:f:2]", ["db-a", "db-c", "db-e"], undefined],
  ["r[1:2]n[a:b]", ["r1na", "r1nb", "r2na", "r2nb"], undefined],
  ["2001:db8::1", ["2001:db8::1"], undefined],
  ["[2001:db8::1]", ["2001:db8::1"], undefined],
  ["[2001:db8::1]:2222", ["2001:db8::1"], "2222"],
  ["10.0.0.[1:2]", ["10.0.0.1", "10.0.0.2"], undefined],
])("%s", (text, names, port) => {
  expect(expandHosts(text)).toEqual(port === undefined ? { names } : { names, port });
});

test.each([
  ["web[1", "no closing bracket"],
  ["web[]", "begin:end"],
  ["web[1]", "begin:end"],
  ["web[1:2:3:4]", "begin:end"],
  ["web[1:]", "needs an end"],
  ["web[3:1]", "must not end before it begins"],
  ["web[c:a]", "must not end before it begins"],
  ["web[01:100]", "the same number of digits"],
  ["web[a:5]", "from number to number or letter to letter"],
  ["web[ab:cd]", "from number to number or letter to letter"],
  ["web[1:5:0]", "the step of a range"],
  ["web[1:5:-1]", "the step of a range"],
  ["web[0:99999999]", "at most 100000 hosts"],
  ["a[1:400]b[1:400]", "more than 100000 hosts"],
])("%s is refused", (text, expected) => {
  expect(expandHosts(text)).toEqual({ error: expect.stringContaining(expected) });
});

describe("ranges as a loop would count them", () => {
  const bounds = fc.tuple(fc.nat(999), fc.nat(200), fc.integer({ min: 1, max: 9 }));

  test("numbers, with and without leading zeros", () => {
    fc.assert(
      fc.property(bounds, fc.boolean(), ([begin, length, step], padded) => {
        const end = begin + length;
        const width = padded ? String(end).length + 1 : 0;
        const write = (number: number) => String(number).padStart(width, "0");
        const expected: string[] = [];
        for (let number = begin; number <= end; number += step) expected.push(`h${write(number)}.x`);
        expect(expandHosts(`h[${write(begin)}:${write(end)}:${step}].x`)).toEqual({ names: expected });
      }),
    );
  });

  test("nothing makes it throw, and names never hold a bracket pair with a colon", () => {
    const unit = fc.constantFrom(..."[]:-09azZ.% \n".split(""));
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 20 }), (text) => {
        const result = expandHosts(text);
        const names = "names" in result ? result.names : [];
        expect(names.filter((name) => /\[[^\]]*\]/u.test(name))).toEqual([]);
      }),
      { numRuns: 3000 },
    );
  });
});
