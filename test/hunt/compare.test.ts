import { describe, expect, test } from "vitest";
import type { LadderCell } from "../../src/model/verdict/finding.ts";
import { compared, disagreements } from "./compare.ts";
import { LIMIT } from "./configuration.ts";
import { configurationOf } from "./grammar.ts";
import type { Measured } from "./sessions.ts";

const cell = (outcome: LadderCell["outcome"]): LadderCell => ({
  role: "pair",
  kind: "idle-shell",
  expect: "dropped",
  limit: LIMIT,
  configured: null,
  effective: null,
  demonstrated: null,
  evidence: null,
  outcome,
});
const seen = (person: string, seconds: number | null, began = true): Measured => ({
  person,
  kind: "idle-shell",
  seconds,
  began,
  saw: "",
});

describe("a verdict against sessions", () => {
  test.each([
    ["pass", [seen("ann", 4), seen("bob", 4.2)], []],
    ["pass", [seen("ann", 4), seen("bob", null)], ["false pass"]],
    ["fail", [seen("ann", 4), seen("bob", 4.2)], ["false fail"]],
    ["fail", [seen("ann", 4), seen("bob", null)], []],
    ["unknown", [seen("ann", null), seen("bob", null)], []],
    // One that never began shows nothing, and one that ended late on a busy machine decides nothing.
    ["pass", [seen("ann", 4), seen("bob", null, false)], []],
    ["fail", [seen("ann", 4), seen("bob", 9)], []],
    ["pass", [seen("zoe", null)], []],
  ] as const)("%s, %j", (outcome, measured, expected) => {
    expect(disagreements(compared("audit", [cell(outcome)], measured)).map(({ type }) => type)).toEqual(
      expected,
    );
  });
});

test("a seed gives the same configuration again, and seeds give many", () => {
  const all = Array.from({ length: 200 }, (_, seed) =>
    JSON.stringify(configurationOf(seed, "trixie").pieces),
  );
  expect(JSON.stringify(configurationOf(7, "trixie").pieces)).toBe(all[7]);
  expect(new Set(all).size).toBe(200);
});
