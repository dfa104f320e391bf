import { describe, expect, test } from "vitest";
import {
  countBy,
  countVerified,
  planOutcome,
  planVerdict,
  resultVerdict,
  compareOutcomes,
  type Outcome,
  outcomeOfAll,
  type Verdict,
  verifyOutcome,
  verifyVerdict,
  worst,
  worstOf,
} from "../../../src/core/verdict/outcome.ts";
import type { Finding } from "../../../src/model/verdict/finding.ts";
import type { HostOutcome, HostVerification } from "../../../src/model/change/run.ts";
import { failedPlan, hostPlan, probe } from "../../fixtures/plans.ts";

const finding = (outcome: Finding["outcome"]): Finding => ({ ...hostPlan("a").findings[0]!, outcome });
const still = (...outcomes: Finding["outcome"][]) =>
  hostPlan("a", { changes: [], findings: outcomes.map(finding) });

describe("plans", () => {
  test.each([
    ["changes", hostPlan("a", { findings: [] }), "change", "fail"],
    ["nothing", still(), "unchanged", "pass"],
    ["a finding that passed", still("pass", "waived"), "unchanged", "pass"],
    ["what this version cannot do", still("pass", "fail"), "unchanged", "pass"],
    ["an error", failedPlan("a"), "unknown", "unknown"],
  ])("with %s", (_, plan, outcome, verdict) => {
    expect([planOutcome(plan), planVerdict([plan])]).toEqual([outcome, verdict]);
    expect(planVerdict([still(), plan, still()])).toBe(verdict);
  });
});

test.each<[HostOutcome[], Verdict]>([
  [["confirmed", "unchanged"], "pass"],
  [["confirmed", "rolled-back"], "unknown"],
  [["failed"], "unknown"],
  [["unknown"], "unknown"],
  [["unchanged", "skipped"], "unknown"],
])("results %j are %s", (outcomes, verdict) => {
  expect(resultVerdict(outcomes)).toBe(verdict);
});

describe("verifications", () => {
  const of = (other: Partial<HostVerification>): HostVerification => ({
    host: "a",
    probes: [probe()],
    findings: [],
    ...other,
  });
  test.each([
    ["that passed", of({}), "pass", "pass"],
    [
      "with a session that was not dropped",
      of({ probes: [probe(), probe({ outcome: "fail" })] }),
      "fail",
      "fail",
    ],
    ["with a failed finding", of({ findings: [finding("fail")] }), "fail", "fail"],
    [
      "with a session nobody can judge",
      of({ probes: [probe({ outcome: "unknown" })] }),
      "unknown",
      "unknown",
    ],
    [
      "with both, the unknown one outranking",
      of({ probes: [probe({ outcome: "fail" }), probe({ outcome: "unknown" })] }),
      "unknown",
      "unknown",
    ],
    [
      "with a session that failed and a finding that is unknown",
      of({ probes: [probe({ outcome: "fail" })], findings: [finding("unknown")] }),
      "unknown",
      "unknown",
    ],
    ["with a waived finding", of({ findings: [finding("waived")] }), "pass", "pass"],
    ["with an error", of({ probes: [], error: { code: "auth", message: "no" } }), "unknown", "unknown"],
    ["without any session", of({ probes: [] }), "skipped", "unknown"],
  ])("%s", (_, verification, outcome, verdict) => {
    expect([verifyOutcome(verification), verifyVerdict([verification])]).toEqual([outcome, verdict]);
  });

  test("a host that is unknown and has failed counts as both", () => {
    const both = of({ probes: [probe({ outcome: "fail" })], findings: [finding("unknown")] });
    const lost = of({ probes: [], error: { code: "auth", message: "no" } });
    expect(countVerified([both, lost, of({})])).toEqual({ fail: 1, unknown: 2, pass: 1 });
  });

  test("one host without sessions beside one that was probed is no trouble", () => {
    expect(verifyVerdict([of({}), of({ probes: [] })])).toBe("pass");
  });

  test("of no hosts at all are no pass", () => {
    expect(verifyVerdict([])).toBe("unknown");
  });
});

test.each<[Verdict, Verdict, Verdict]>([
  ["pass", "pass", "pass"],
  ["pass", "fail", "fail"],
  ["fail", "unknown", "unknown"],
  ["unknown", "pass", "unknown"],
])("%s and %s are %s", (left, right, expected) => {
  expect([worst(left, right), worst(right, left)]).toEqual([expected, expected]);
});

test.each<[Outcome[], Outcome | undefined]>([
  [["pass", "waived", "fail", "unknown"], "unknown"],
  [["pass", "fail", "waived"], "fail"],
  [["pass", "waived"], "waived"],
  [["pass", "not-applicable"], "pass"],
  [["not-applicable", "waived"], "waived"],
  [["not-applicable"], "not-applicable"],
  [["pass"], "pass"],
  [[], undefined],
])("the worst of %j is %s, in whatever order they come", (outcomes, expected) => {
  expect([worstOf(outcomes), worstOf(outcomes.toReversed())]).toEqual([expected, expected]);
  expect(outcomes.toSorted(compareOutcomes)[0]).toBe(expected);
});

test("countBy counts in order of first occurrence", () => {
  expect(Object.entries(countBy(["b", "a", "b"]))).toEqual([
    ["b", 2],
    ["a", 1],
  ]);
});

test.each<[Outcome[], Verdict]>([
  [[], "pass"],
  [["pass", "not-applicable"], "pass"],
  [["waived", "not-applicable"], "pass"],
  [["fail", "not-applicable"], "fail"],
  [["not-applicable", "not-applicable"], "unknown"],
])("a host on which there was %j: where nothing applies, nothing was shown", (outcomes, verdict) => {
  expect(outcomeOfAll(outcomes.map(finding))).toBe(verdict);
});
