/** Turns of a schedule with real processes in place of audits: hangs, deaths, what is told and when. */
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import {
  type AuditProcess,
  repeat,
  type ScheduleEffects,
  takeTurn,
} from "../../../src/flow/schedule/turn.ts";
import type { ScheduleResult, ScheduleTurn } from "../../../src/model/record/schedule.ts";
import { RESULT } from "../../store/schedule/contract.ts";

interface World extends ScheduleEffects {
  script: string;
  held: boolean;
  /** What a store of many machines says beside the last result. */
  shared: Pick<ScheduleTurn, "before" | "broken">;
  readonly lost: AbortController;
  readonly told: [string, string][];
  /** How often only what waited was delivered. */
  delivered: number;
  stored: ScheduleResult | undefined;
  readonly pid: () => number;
}

function world(stopping = new AbortController().signal): World {
  let pid = 0;
  const self: World = {
    script: "exit 0",
    held: false,
    shared: {},
    lost: new AbortController(),
    told: [],
    delivered: 0,
    stored: undefined,
    pid: () => pid,
    start(): AuditProcess {
      const child = spawn("/bin/sh", ["-c", self.script], { stdio: "ignore" });
      pid = child.pid ?? 0;
      const ended = new Promise<Awaited<AuditProcess["ended"]>>((settle) => {
        child.once("close", (exitCode, signal) => settle({ exitCode, signal, said: "last words" }));
      });
      return { ended, kill: (signal) => void child.kill(signal) };
    },
    async take() {
      if (self.held) return { busy: "it runs" };
      self.held = true;
      return {
        last: self.stored,
        ...self.shared,
        lost: self.lost.signal,
        still: async () => !self.lost.signal.aborted,
        async store(result) {
          self.stored = result;
        },
        release: async () => void (self.held = false),
      };
    },
    unstored: (error) => {
      throw error;
    },
    async tell(_turn, startedAt, reason) {
      if (reason === undefined) self.delivered += 1;
      else self.told.push([startedAt, reason]);
    },
    now: () => new Date(),
    pause: (seconds, signal) => sleep(seconds * 1000, undefined, { signal }).catch(() => {}),
    stopping,
  };
  return self;
}

describe("a turn", () => {
  test.each([0, 2, 3])("an audit that judged ended with %i: stored, nobody is told", async (code) => {
    const it = world();
    it.script = `exit ${code}`;
    expect(await takeTurn(it, { timeout: 60 })).toMatchObject({
      outcome: "finished",
      exitCode: code,
      unfinishedSince: null,
    });
    expect([it.told, it.held]).toEqual([[], false]);
    expect(it.stored?.endedAt).not.toBeNull();
  });

  test.each([
    ["exit 64", "it ended with status 64: last words"],
    ["exit 1", "it ended with status 1: last words"],
    ["kill -KILL $$", "it was ended by SIGKILL: last words"],
  ])("%s: told at once, once, until one finishes", async (script, reason) => {
    const it = world();
    it.script = script;
    const first = await takeTurn(it, { timeout: 60 });
    expect(first).toMatchObject({ outcome: "unfinished", reason });
    await takeTurn(it, { timeout: 60 });
    expect(it.told.map(([, why]) => why)).toEqual([reason]);
    expect(it.delivered).toBe(1);
    expect(it.stored?.unfinishedSince).toBe(it.told[0]?.[0]);
    it.script = "exit 0";
    await takeTurn(it, { timeout: 60 });
    expect(it.stored?.unfinishedSince).toBeNull();
    it.script = script;
    await takeTurn(it, { timeout: 60 });
    expect(it.told).toHaveLength(2);
  });

  test("one that hangs is asked, asked again, and told", async () => {
    const it = world();
    it.script = "n=0; trap 'n=$((n+1)); [ $n = 2 ] && exit 130' TERM; while :; do sleep 0.05; done";
    const begin = performance.now();
    expect(await takeTurn(it, { timeout: 0.5 })).toMatchObject({
      outcome: "unfinished",
      exitCode: 130,
      reason: "it did not end within 0.5 s",
    });
    expect(performance.now() - begin).toBeLessThan(3000);
    expect(it.told).toHaveLength(1);
  });

  test("one that hears nothing is killed", { timeout: 30_000 }, async () => {
    const it = world();
    it.script = "trap '' TERM; while :; do sleep 0.05; done";
    expect(await takeTurn(it, { timeout: 0.2 })).toMatchObject({ outcome: "unfinished", exitCode: null });
    expect(() => process.kill(it.pid(), 0)).toThrow("ESRCH");
  });

  test("a second one starts nothing", async () => {
    const it = world();
    it.script = "sleep 0.5";
    const first = takeTurn(it, { timeout: 60 });
    await sleep(100);
    expect(await takeTurn(it, { timeout: 60 })).toEqual({ outcome: "busy", reason: "it runs" });
    expect(await first).toMatchObject({ outcome: "finished" });
  });

  test("one that was killed with its supervisor is told by the next", async () => {
    const it = world();
    const startedAt = "2026-11-22T00:00:00.000Z";
    const running = {
      endedAt: null,
      outcome: "running",
      exitCode: null,
      reason: null,
      unfinishedSince: null,
    } as const;
    it.stored = { schema: "curfew/schedule-result/1", startedAt, ...running };
    await takeTurn(it, { timeout: 60 });
    expect(it.told).toEqual([[startedAt, "it was killed, or the machine went down"]]);
    expect(it.stored).toMatchObject({ outcome: "finished", unfinishedSince: null });
  });

  test("the end of the schedule is not told, and forgets nothing", async () => {
    const stop = new AbortController();
    const it = world(stop.signal);
    it.script = "trap 'exit 130' TERM; while :; do sleep 0.05; done";
    const turn = takeTurn(it, { timeout: 60 });
    await sleep(200);
    stop.abort();
    expect(await turn).toMatchObject({ outcome: "stopped", exitCode: 130 });
    expect(it.told).toEqual([]);
  });

  test("only what is older is caught up; a clock that went back is no reason to skip", async () => {
    const it = world();
    await takeTurn(it, { timeout: 60 });
    expect(await takeTurn(it, { timeout: 60, ifOlder: 3600 })).toEqual({ outcome: "early" });
    const stored = it.stored as ScheduleResult;
    for (const hours of [-2, 2]) {
      it.stored = { ...stored, startedAt: new Date(Date.now() + hours * 3_600_000).toISOString() };
      expect(await takeTurn(it, { timeout: 60, ifOlder: 3600 })).toMatchObject({ outcome: "finished" });
    }
  });
});

describe("a turn that many machines may take", () => {
  test.each([
    ["finished", 5, "elsewhere"],
    ["finished", -3, "elsewhere"],
    ["finished", 61, "finished"],
    ["finished", null, "finished"],
    ["unfinished", 5, "finished"],
    ["stopped", 5, "finished"],
    ["running", 5, "finished"],
  ] as const)(
    "after another machine's audit that is %s, begun %s s ago: %s",
    async (outcome, seconds, ends) => {
      const it = world();
      it.stored = { ...RESULT, outcome };
      it.shared = { before: { owner: "root@other", seconds } };
      expect((await takeTurn(it, { timeout: 60, apart: 60 })).outcome).toBe(ends);
      expect(it.held).toBe(false);
    },
  );

  test("that other machine died in the middle of the one before: that is told, with its name", async () => {
    const it = world();
    it.stored = { ...RESULT, outcome: "running", endedAt: null };
    it.shared = { before: { owner: "root@other", seconds: 30 } };
    await takeTurn(it, { timeout: 60, apart: 60 });
    expect(it.told).toEqual([[RESULT.startedAt, expect.stringContaining("(root@other)")]]);
  });

  test("one that another machine has taken over ends, and stores and tells nothing", async () => {
    const it = world();
    it.script = "trap 'exit 130' TERM; while :; do sleep 0.05; done";
    const turn = takeTurn(it, { timeout: 60 });
    await expect.poll(() => it.stored?.outcome).toBe("running");
    it.lost.abort();
    expect(await turn).toEqual({ outcome: "lost" });
    expect([it.told, it.delivered, it.stored?.outcome, it.held]).toEqual([[], 0, "running", false]);
  });
});

test("a supervisor that was frozen asks before it says what came of its audit", async () => {
  const it = world();
  it.start = () => {
    const ended = new Promise<Awaited<AuditProcess["ended"]>>((settle) => {
      it.lost.abort();
      settle({ exitCode: 3, signal: null, said: "" });
    });
    return { ended, kill: () => {} };
  };
  expect(await takeTurn(it, { timeout: 60 })).toEqual({ outcome: "lost" });
  expect([it.told, it.stored?.outcome]).toEqual([[], "running"]);
});

test("turns begin in step with the first; a long one skips those it runs over; the end is at once", async () => {
  const stop = new AbortController();
  let now = 5000;
  const begun: number[] = [];
  const turn = async (): Promise<void> => {
    begun.push(now);
    // The third turn takes two and a half distances.
    now += begun.length === 3 ? 25_000 : 1000;
    if (begun.length === 5) stop.abort();
  };
  const pause = async (seconds: number): Promise<void> => {
    if (!stop.signal.aborted) now += seconds * 1000;
  };
  await repeat(turn, 10, { pause, stopping: stop.signal, clock: () => now });
  expect(begun).toEqual([5000, 15_000, 25_000, 55_000, 65_000]);
});
