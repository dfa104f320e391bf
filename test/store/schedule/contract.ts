/** What every store of schedules and alerts has to do, files of this machine and PostgreSQL alike. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Alert, Outbox, QueuedAlert } from "../../../src/model/record/alert.ts";
import type { ScheduleResult, ScheduleStore, ScheduleTurn } from "../../../src/model/record/schedule.ts";

/** An empty place. */
export interface EmptySchedules {
  schedule(name: string): ScheduleStore;
  outbox(now?: () => Date): Promise<Outbox>;
  /** Puts nonsense in place of the last result. */
  damage(name: string): Promise<void>;
  remove(): Promise<void>;
}

export const RESULT: ScheduleResult = {
  schema: "curfew/schedule-result/1",
  startedAt: "2026-11-22T00:00:00.000Z",
  endedAt: "2026-11-22T00:00:05.000Z",
  outcome: "finished",
  exitCode: 2,
  reason: null,
  unfinishedSince: null,
};
const NOW = new Date("2026-11-22T03:00:00Z");

export function queued(destination = "ops", day = "20261122"): QueuedAlert {
  const runId = `${day}T000000Z-audit-00000000`;
  return { destination, alert: { id: `${runId}-${destination}`, runId } as Alert };
}

export async function taken(store: ScheduleStore): Promise<ScheduleTurn> {
  const turn = await store.take();
  if ("busy" in turn) throw new Error(turn.busy);
  return turn;
}

export function testSchedules(make: () => Promise<EmptySchedules>): void {
  let place: EmptySchedules;
  beforeEach(async () => {
    place = await make();
  });
  afterEach(async () => place.remove());

  describe("a turn", () => {
    test("belongs to one; others hear since when; what it stored is there for the next", async () => {
      const [one, two] = [place.schedule("audit"), place.schedule("audit")];
      const turn = await taken(one);
      expect(turn.last).toBeUndefined();
      await turn.store({ ...RESULT, outcome: "running", endedAt: null, exitCode: null });
      expect(await two.take()).toEqual({ busy: expect.stringContaining(RESULT.startedAt) });
      const other = await taken(place.schedule("weekly"));
      await other.release();
      expect(await two.last()).toMatchObject({ outcome: "running" });
      await turn.store(RESULT);
      await turn.release();
      const next = await taken(two);
      expect([next.last, next.lost.aborted]).toEqual([RESULT, false]);
      await next.release();
      expect(await one.last()).toEqual(RESULT);
    });

    test("after a result that is damaged there was none", async () => {
      const turn = await taken(place.schedule("audit"));
      await turn.store(RESULT);
      await turn.release();
      await place.damage("audit");
      expect(await place.schedule("audit").last()).toBeUndefined();
      const next = await taken(place.schedule("audit"));
      expect(next.last).toBeUndefined();
      await next.release();
    });
  });

  describe("an alert", () => {
    test("is taken by one, and gone when it was delivered", async () => {
      const [one, two] = [await place.outbox(), await place.outbox()];
      const [first, second, other] = [queued("ops", "20261121"), queued(), queued("chat")];
      await one.add([second, first, other]);
      expect(await one.take("ops")).toEqual([first, second]);
      expect(await two.take("ops")).toEqual([]);
      expect(await one.keep(first)).toBe(true);
      await one.done(first);
      await one.putBack(second);
      expect(await two.take("ops")).toEqual([second]);
      await two.done(second);
      expect(await one.take("ops")).toEqual([]);
      expect(await one.take("chat")).toEqual([other]);
      await Promise.all([one.close(), two.close()]);
    });

    test("that nobody took for a week is given up once", async () => {
      const box = await place.outbox(() => NOW);
      await box.add([queued("ops", "20261114"), queued("ops", "20261120")]);
      expect(await box.giveUp("ops")).toEqual(["20261114T000000Z-audit-00000000-ops"]);
      expect(await box.giveUp("ops")).toEqual([]);
      expect(await box.take("ops")).toHaveLength(1);
      await box.close();
    });

    test("comes with what counts as told now, each key by itself", async () => {
      const box = await place.outbox();
      expect(await box.lastTold("key")).toBeUndefined();
      const audit = { runId: "r", startedAt: RESULT.startedAt, warned: ["2026-12-01 \u0000x"] };
      await box.add([queued()], { key: "key", audit });
      await box.add([], { key: "other", audit: { ...audit, runId: "o" } });
      await box.add([], { key: "key", audit: { ...audit, runId: "s" } });
      expect([await box.lastTold("key"), await box.lastTold("other")]).toMatchObject([
        { runId: "s", warned: audit.warned },
        { runId: "o" },
      ]);
      await box.close();
    });
  });
}
