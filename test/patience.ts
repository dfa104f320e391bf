/**
 * How long tests wait on this machine. A limit of time in a test is there so that a hang ends; it must not fail because
 * the machine has other work. So every limit is given for a quiet machine and multiplied by what this one was measured
 * to need, at the start of each test file.
 */
import { spawnSync } from "node:child_process";
import { availableParallelism, loadavg } from "node:os";

/** Beyond that a hang would go unnoticed for too long. */
const MOST = 12;

/** Milliseconds in which a quiet machine starts and ends `true`. */
const QUIET_START = 6;

const factor = measure();

/** Milliseconds, or seconds, for a quiet machine to as many for this one. */
export function patient(limit: number): number {
  return Math.ceil(limit * factor);
}

/** At least 1: how many runnable processes share a processor, or how much longer it takes to start one. */
function measure(): number {
  const [load = 0] = loadavg();
  return Math.min(MOST, Math.max(1, load / availableParallelism(), startTime() / QUIET_START));
}

/** The median of five. */
function startTime(): number {
  const times = Array.from({ length: 5 }, () => {
    const begin = performance.now();
    spawnSync("true");
    return performance.now() - begin;
  });
  return times.toSorted((left, right) => left - right)[2] ?? 0;
}
