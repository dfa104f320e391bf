import { describe, expect, test } from "vitest";
import { isOverdue, pendingError, whose } from "../../../src/core/plan/pending-guard.ts";
import type { CurfewState, PendingGuard } from "../../../src/model/facts/curfew-state.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const state = (pending: PendingGuard, lock = ""): CurfewState => {
  return { armed: TOKEN, pending, lock, originals: [], written: {} };
};
const idle: CurfewState = { armed: "", lock: "", originals: [], written: {} };

describe("a pending change", () => {
  test.each<[PendingGuard["state"], number | null, boolean]>([
    ["armed", 30, false],
    ["armed", 0, false],
    // The host's own timer may still come.
    ["armed", -5, false],
    ["armed", -6, true],
    ["armed", null, true],
    ["reverting", 30, true],
    ["reverting", -90, true],
  ])("%s, due in %s s: overdue is %s", (kind, dueIn, overdue) => {
    const curfew = state({ state: kind, dueIn });
    expect(isOverdue(curfew)).toBe(overdue);
    const { code, message, hint } = pendingError(curfew, "web1") ?? {};
    expect(code).toBe("locked");
    expect(hint).toMatch(overdue ? /curfew apply --yes or curfew revert/u : /^wait until/u);
    expect(message).toMatch(overdue ? /taken back/u : /takes it back by itself within \d+ s$/u);
  });

  test("none is no obstacle", () => {
    expect(isOverdue(idle)).toBe(false);
    expect(pendingError(idle, "web1")).toBeUndefined();
  });

  test.each([
    [
      `${TOKEN} 12 boot 2026-11-22T08:00:00Z al@desk: apply`,
      `${TOKEN}, al@desk: apply, 2026-11-22T08:00:00Z`,
    ],
    ["another 12 boot 2026-11-22T08:00:00Z al@desk: apply", TOKEN],
    ["", TOKEN],
  ])("is said to be of whoever holds its lock: %j", (lock, said) => {
    expect(whose(state({ state: "armed", dueIn: 1 }, lock))).toBe(said);
  });
});
