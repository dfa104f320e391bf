import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldNames, unfoldNames } from "../../../src/core/text/fold-names.ts";

describe("host names fold as nodeset folds them", () => {
  test.each([
    [[], []],
    [["web1"], ["web1"]],
    [["web1", "web1"], ["web1"]],
    [["web2", "web1", "web3"], ["web[1-3]"]],
    [["web001", "web002", "web119"], ["web[001-002,119]"]],
    [["web098", "web099", "web100"], ["web[098-100]"]],
    [["web8", "web9", "web10"], ["web[8-10]"]],
    [
      ["web8", "web08", "web09"],
      ["web8", "web[08-09]"],
    ],
    [
      ["a1.example.com", "a2.example.com", "b"],
      ["a[1-2].example.com", "b"],
    ],
    [
      ["db1", "web1", "db2"],
      ["db[1-2]", "web1"],
    ],
    [["10.0.0.1", "10.0.0.2", "10.0.0.9"], ["10.0.0.[1-2,9]"]],
    [["r1n1", "r1n2", "r2n1", "r2n2"], ["r[1-2]n[1-2]"]],
    [
      ["r1n1", "r1n2", "r2n1"],
      ["r1n[1-2]", "r2n1"],
    ],
    [
      ["2001:db8::1", "2001:db8::2"],
      ["2001:db8::1", "2001:db8::2"],
    ],
    [
      ["x[1]", "x[2]"],
      ["x[1]", "x[2]"],
    ],
  ])("%j is %j", (names, folded) => {
    expect(foldNames(names)).toEqual(folded);
  });

  test("two hundred names are one", () => {
    const names = Array.from({ length: 200 }, (_, index) => `web${String(index + 1).padStart(3, "0")}`);
    expect(foldNames(names)).toEqual(["web[001-200]"]);
  });

  const part = fc.constantFrom("web", "-", "0", "00", "1", "9", "10", "099", "100", ".x", "n", "+", "ü");
  const name = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(""));

  test("what is folded unfolds to the same names, each once", () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 30 }), (names) => {
        const again = unfoldNames(foldNames(names));
        expect(again.toSorted()).toEqual([...new Set(names)].toSorted());
      }),
      { numRuns: 3000 },
    );
  });

  test("folding is the same whatever the order, but for the order of its entries", () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 12 }), (names) => {
        const again = unfoldNames(foldNames(names.toReversed()));
        expect(again.toSorted()).toEqual(names.toSorted());
      }),
    );
  });
});
