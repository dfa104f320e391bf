import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clipLine, clipLines } from "../../src/report/layout/clip.ts";
import { jsonText, LazyArray } from "../../src/report/format/json-text.ts";
import { relativeUri } from "../../src/report/format/relative-uri.ts";
import { keyedFindings, reportedFindings } from "../../src/report/format/reported-findings.ts";
import { uniqueNames } from "../../src/report/format/unique-names.ts";
import { stableUuid } from "../../src/report/format/uuid.ts";
import { hostileText } from "../fixtures/hostile-audits.ts";
import { auditedHost, finding } from "../fixtures/report-audits.ts";

describe("JSON in pieces", () => {
  test("lazy arrays are arrays, and what is undefined is left out", () => {
    const value = {
      a: [1, new LazyArray(() => [{ b: 2 }, { b: undefined }])],
      c: undefined,
      d: new LazyArray(() => []),
    };
    expect(JSON.parse([...jsonText(value)].join(""))).toEqual({ a: [1, [{ b: 2 }, {}]], d: [] });
  });

  test("any value is read back as JSON.stringify gives it", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse([...jsonText(value)].join(""))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("an item is made when it is asked for", () => {
    let made = 0;
    const items = function* () {
      for (;;) yield { made: ++made };
    };
    for (const piece of jsonText({ items: new LazyArray(items) })) if (piece.includes('"made":3')) break;
    expect(made).toBe(3);
  });
});

describe("clipping", () => {
  test.each([
    ["short", 20, "short"],
    ["exactly so", 10, "exactly so"],
    ["another one", 10, "an … (cut)"],
    ["a\nb", 20, "a\\nb"],
    [`${"😀".repeat(10)}`, 13, "😀😀 … (cut)"],
  ])("%j within %d is %j", (text, longest, expected) => {
    expect(clipLine(text, longest)).toBe(expected);
  });

  test("never longer, never half a character, and marked where something is missing", () => {
    fc.assert(
      fc.property(hostileText, fc.integer({ min: 10, max: 40 }), (text, longest) => {
        for (const clip of [clipLine, clipLines]) {
          const clipped = clip(text, longest);
          expect(clipped.length).toBeLessThanOrEqual(longest);
          expect(clipped).not.toMatch(/\p{Cs}/u);
          expect(clipped === clip(text, 10_000) || clipped.endsWith(" … (cut)")).toBe(true);
        }
      }),
    );
  });
});

test("the same words are the same UUID, in the form of version 5", () => {
  expect(stableUuid("a", "b")).toBe(stableUuid("a", "b"));
  expect(
    new Set([stableUuid("a", "b"), stableUuid("ab"), stableUuid("a", "b", ""), stableUuid("\ud800")]).size,
  ).toBe(4);
  expect(stableUuid("a", "b")).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u,
  );
});

test("names are unlike each other, and the first of a kind stays as it is", () => {
  expect(uniqueNames(["a", "b", "a", "a (2)", "a"])).toEqual(["a", "b", "a (2)", "a (2) (2)", "a (3)"]);
});

test("a relative URI stays below its base, for browsers as well", () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const base = "https://base.example/run/";
      expect(new URL(relativeUri(text), base).href.startsWith(base)).toBe(true);
    }),
  );
});

describe("what is reported of a host", () => {
  const error = { code: "unreachable", message: "no answer" } as const;

  test.each([
    ["a compliant one", auditedHost("a"), ["pass", "pass"]],
    [
      "one that is lost without a finding",
      auditedHost("a", { outcome: "unknown", findings: [], error }),
      ["unknown"],
    ],
    ["one that fails without a finding", auditedHost("a", { outcome: "fail" }), ["pass", "pass", "fail"]],
    [
      "one that says so itself",
      auditedHost("a", { outcome: "fail", findings: [finding({ outcome: "fail" })] }),
      ["fail"],
    ],
  ])("%s", (_, host, expected) => {
    expect(reportedFindings(host).map(({ outcome }) => outcome)).toEqual(expected);
  });

  test("two findings of the same name have two keys", () => {
    const keys = keyedFindings([finding(), finding(), finding({ role: "x" })]).map(({ key }) => key);
    expect(keys).toEqual([
      "sshd-effective:sshd:admin",
      "sshd-effective:sshd:admin#2",
      "sshd-effective:sshd:x",
    ]);
  });
});
