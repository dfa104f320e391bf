/** What a look says of a host whose worker was lost while it changed it: never more than was seen. */
import { expect, test } from "vitest";
import { changesDigest } from "../../../src/core/plan/digests.ts";
import { seenAfterLoss } from "../../../src/core/shared/after-loss.ts";
import type { Change, HostPlan } from "../../../src/model/change/plan.ts";

const change = (content: string): Change => ({
  control: "shell-timeout",
  path: "/etc/profile.d/00-curfew.sh",
  action: "create",
  before: null,
  after: { content, mode: "0644", uid: 0, gid: 0 },
  reason: "",
  risk: "shell",
  activation: null,
});
const plan = (...changes: Change[]): HostPlan => ({
  host: "web1",
  factsDigest: "a".repeat(64),
  description: "",
  changes,
  activations: [],
  expectations: [],
  findings: [],
  coverage: [],
  uncaught: [],
});
const begun = { worker: "w1", changes: changesDigest(plan(change("one"))), secondsAgo: 0 };

test.each([
  ["nothing to do", plan(), 1, true, "confirmed"],
  ["the same to do, long after", plan(change("one")), 30, true, "rolled-back"],
  ["the same to do, before it may have been armed", plan(change("one")), 29, false, "unknown"],
  ["something else to do", plan(change("two")), 60, true, "unknown"],
  ["a part of it to do", plan(change("one"), change("two")), 60, true, "unknown"],
  [
    "a change that is armed",
    { ...plan(), error: { code: "locked", message: "not confirmed yet" } as const },
    60,
    false,
    "unknown",
  ],
  [
    "no way to it",
    { ...plan(), error: { code: "unreachable", message: "no route" } as const },
    600,
    false,
    "unknown",
  ],
])("a host with %s", (_what, seen, seconds, settled, outcome) => {
  expect(seenAfterLoss(seen, begun, seconds)).toMatchObject({ settled, outcome });
});
