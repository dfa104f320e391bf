import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { watchInterrupts } from "../../../src/cli/progress/interrupts.ts";

test("the first interrupt stops, the second aborts, a third is the system's", () => {
  const source = new EventEmitter();
  const told: string[] = [];
  let now = 0;
  const { stopping, aborting } = watchInterrupts(
    (message) => told.push(message),
    source,
    () => now,
  );
  source.emit("SIGINT");
  expect([stopping.aborted, aborting.aborted]).toEqual([true, false]);
  now = 100;
  source.emit("SIGINT");
  expect(aborting.aborted, "the same interrupt, passed on by npx").toBe(false);
  now = 1000;
  source.emit("SIGTERM");
  expect([stopping.aborted, aborting.aborted]).toEqual([true, true]);
  expect(told).toEqual([
    expect.stringMatching(/^stopping: /u),
    expect.stringMatching(/^stopping at once: /u),
  ]);
  expect(source.eventNames()).toEqual([]);
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"])("%s stops", (signal) => {
  const source = new EventEmitter();
  const interrupts = watchInterrupts(() => {}, source);
  source.emit(signal);
  expect(interrupts.stopping.aborted).toBe(true);
  interrupts.close();
  expect(source.eventNames()).toEqual([]);
});
