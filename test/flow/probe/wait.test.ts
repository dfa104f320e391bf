/** Waiting, in every order in which the promise, the moment and an abort may come. */
import { setImmediate as turn } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { inTime, over, type Waiting } from "../../../src/flow/probe/wait.ts";

const REASON = new Error("the host is lost");
const OWN = new Error("its own");

/** The moment comes when it is told to, the abort as well. */
function waiting(): { wait: Waiting; comes: () => void; stop: AbortController; left: () => number } {
  const moment = Promise.withResolvers<void>();
  const stop = new AbortController();
  let paused = 0;
  const pause = async (_: number, signal: AbortSignal): Promise<void> => {
    paused += 1;
    signal.addEventListener("abort", () => moment.resolve());
    await moment.promise;
    paused -= 1;
  };
  return {
    wait: { clock: () => 0, pause, signal: stop.signal },
    comes: moment.resolve,
    stop,
    left: () => paused,
  };
}

/** Rejections that nobody hears of in this test. */
function unheard(): unknown[] {
  const reasons: unknown[] = [];
  const hear = (reason: unknown): void => void reasons.push(reason);
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", hear);
  onTestFinished(() => {
    process.off("unhandledRejection", hear);
    for (const other of others) process.on("unhandledRejection", other);
  });
  return reasons;
}

test("the promise first", async () => {
  const { wait, left } = waiting();
  expect(await over(Promise.resolve("value"), 5, wait)).toBe("value");
  await expect(over(Promise.reject(OWN), 5, wait)).rejects.toBe(OWN);
  await turn();
  expect(left()).toBe(0);
});

test("the moment first; what the promise does later is not heard of", async () => {
  const reasons = unheard();
  const { wait, comes } = waiting();
  const late = Promise.withResolvers<void>();
  const waits = [over(late.promise, 5, wait), inTime(late.promise, 5, wait)];
  comes();
  expect(await Promise.all(waits)).toEqual([undefined, false]);
  late.reject(OWN);
  await turn();
  expect(reasons).toEqual([]);
});

test.each(["resolves", "rejects"])("an abort first, and the promise %s in the same turn", async (how) => {
  const { wait, stop, left } = waiting();
  const promise = Promise.withResolvers<string>();
  const waited = over(promise.promise, 5, wait);
  stop.abort(REASON);
  if (how === "resolves") promise.resolve("value");
  else promise.reject(OWN);
  await expect(waited).rejects.toBe(REASON);
  await turn();
  expect(left()).toBe(0);
});

test("aborted before, whatever the promise is", async () => {
  const reasons = unheard();
  const { wait, stop } = waiting();
  stop.abort(REASON);
  const late = Promise.withResolvers<never>();
  for (const promise of [Promise.resolve("value"), Promise.reject(OWN), late.promise])
    await expect(over(promise, 5, wait)).rejects.toBe(REASON);
  late.reject(OWN);
  await turn();
  expect(reasons).toEqual([]);
});
