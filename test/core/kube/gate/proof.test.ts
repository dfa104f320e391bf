import { describe, expect, test } from "vitest";
import {
  judgeAfter,
  judgeStream,
  judgeWithin,
  type KubectlEnd,
  scaledGateLimits,
  shortestLimit,
} from "../../../../src/core/kube/gate/proof.ts";

const answered: KubectlEnd = { code: 0, signal: null, said: "" };
const ends = (signal: string): KubectlEnd => ({ code: null, signal, said: "" });

describe("a command within the limit", () => {
  test("passes only if the gate let it through", () => {
    expect(judgeWithin(answered, true)).toMatchObject({ outcome: "pass", saw: "answered" });
    expect(judgeWithin(answered, false)).toMatchObject({
      outcome: "unknown",
      saw: "answered, but kubectl did not ask the gate",
    });
    expect(judgeWithin({ code: 1, signal: null, said: "no route to host" }, true)).toMatchObject({
      outcome: "unknown",
      saw: "no route to host",
    });
  });
});

describe("a command after the limit", () => {
  test.each([
    ["an answer", answered, "fail"],
    [
      "the gate's refusal",
      { code: 1, signal: null, said: "curfew: the session ended 4 s ago; log in" },
      "pass",
    ],
    ["a cluster out of reach", { code: 1, signal: null, said: "dial tcp: i/o timeout" }, "unknown"],
    ["a kubectl that hung", ends("SIGKILL"), "unknown"],
    ["a kubectl that is not there", { code: null, signal: null, said: "spawn kubectl ENOENT" }, "unknown"],
  ] as const)("%s", (_what, end, outcome) => {
    expect(judgeAfter(end).outcome).toBe(outcome);
  });
});

describe("a stream", () => {
  const caught: KubectlEnd = { code: 1, signal: null, said: "" };
  test.each([
    ["is ended by the gate, whose signal kubectl catches", caught, true, 13, "pass", "ended after 13 s"],
    ["goes on", ends("SIGKILL"), false, 22, "fail", "still open after 22 s"],
    [
      "is closed by the API server at about the limit",
      answered,
      false,
      12.6,
      "unknown",
      "ended after 13 s, but not by the gate: kubectl ended with status 0",
    ],
    [
      "loses its network",
      { code: 1, signal: null, said: "error: unexpected EOF" },
      false,
      13,
      "unknown",
      "ended after 13 s, but not by the gate: error: unexpected EOF",
    ],
    [
      "is ended by somebody else",
      ends("SIGTERM"),
      false,
      13,
      "unknown",
      "ended after 13 s, but not by the gate: kubectl was ended by SIGTERM",
    ],
    ["is ended before the limit", caught, true, 3, "unknown", "ended after 3 s, before the limit"],
  ] as const)("%s", (_what, end, byGate, seconds, outcome, saw) => {
    expect(judgeStream(end, byGate, seconds, 12)).toMatchObject({ outcome, saw });
  });
});

test("scaled limits keep their proportion", () => {
  expect(scaledGateLimits({ idle: 900, max: 28_800 }, 4)).toEqual({ idle: 4, max: 128 });
  expect(scaledGateLimits({ idle: null, max: 28_800 }, 4)).toEqual({ idle: null, max: 4 });
  expect(shortestLimit({ idle: null, max: null })).toBe(Infinity);
});
