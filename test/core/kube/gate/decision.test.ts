import { describe, expect, test } from "vitest";
import { afterUse, decideGate, elapsed } from "../../../../src/core/kube/gate/decision.ts";
import type { GateState, Moment } from "../../../../src/model/access/kube-gate.ts";

const T: Moment = { wall: 1_000_000, uptime: 5000, boot: "a" };
const at = (wall: number, uptime = wall, boot = "a"): Moment => ({
  wall: T.wall + wall,
  uptime: T.uptime + uptime,
  boot,
});
const caller = { pid: 7, start: 70 };
const old = { pid: 8, start: 80 };
const state: GateState = {
  schema: "curfew/kube-gate/1",
  context: "dev",
  idle: 900,
  max: 28_800,
  login: T,
  use: T,
  callers: [old],
};

test.each([
  ["both clocks agree", at(10), 10],
  ["the clock was set back", at(-5000, 10), 10],
  ["the clock was set forward", at(5000, 10), 5000],
  ["another boot", at(10, -4000, "b"), 10],
  ["another boot, a stamp in the future", at(-1, 3, "b"), Number.POSITIVE_INFINITY],
  ["an uptime that goes back", at(10, -1), Number.POSITIVE_INFINITY],
])("%s", (_, now, expected) => {
  expect(elapsed(T, now)).toBe(expected);
});

describe("a decision", () => {
  const ask = (now: Moment, who = caller, inputAge: number | null = null) => ({ now, caller: who, inputAge });
  test.each<[string, GateState | null, Parameters<typeof decideGate>[1], number | null]>([
    ["no state", null, ask(at(1)), null],
    ["no login", { ...state, login: null }, ask(at(1)), null],
    ["within both", state, ask(at(899)), 900],
    ["idle has passed", state, ask(at(900)), null],
    ["idle has passed by uptime alone", state, ask(at(-3600, 900)), null],
    ["the session's end comes first", { ...state, use: at(28_700) }, ask(at(28_750)), 50],
    ["the session has ended, used or not", { ...state, use: at(28_790) }, ask(at(28_800)), null],
    ["no use yet: since the login", { ...state, use: null }, ask(at(901)), null],
    ["asks again within the limit: no use", state, ask(at(800), old), 100],
    ["asks again after it", state, ask(at(901), old), null],
    ["asks again, a key was pressed", state, ask(at(1000), old, 100), 800],
    ["asks again, the last key is old", state, ask(at(1000), old, 900), null],
    ["asks again, a key in the future", state, ask(at(1000), old, -5), null],
    ["asks again, the clock was set back to the key", state, ask(at(10, 2000), old, 5), null],
    ["no idle limit", { ...state, idle: null }, ask(at(20_000)), 8800],
    ["after a reboot within", state, ask(at(100, -4000, "b")), 900],
    ["after a reboot, clock set back", state, ask(at(-100, -4000, "b")), null],
  ])("%s", (_, found, asking, left) => {
    const decision = decideGate(found, asking);
    expect(decision.allowed ? decision.left : null).toBe(left);
  });

  test("a use is a new process; dead ones are forgotten, and a crowd is no use", () => {
    const asking = ask(at(5));
    const next = afterUse(state, asking, () => false);
    expect(next).toEqual({ ...state, use: at(5), callers: [caller] });
    expect(afterUse(next, asking, () => true)).toBe(next);
    const crowd = {
      ...state,
      callers: Array.from({ length: 500 }, (_, pid) => ({ pid: pid + 100, start: 1 })),
    };
    expect(afterUse(crowd, asking, () => true)).toBe(crowd);
  });
});
