/** Whether something stays linear: measured in computing time, as the clock of a busy machine says nothing. */

/** Milliseconds of computing of this thread. */
function computing(work: () => unknown): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage();
  return (user + system - before.user - before.system) / 1000;
}

/** What `growth` stays below where something is linear; what is quadratic comes to sixteen. */
export const LINEAR = 9;

/**
 * How many times the computing four times the input takes, without some milliseconds that do not depend on the size.
 * The input is made beforehand; the best of three counts, as garbage is collected now and then.
 */
export function growth<T>(size: number, make: (size: number) => T, work: (input: T) => unknown): number {
  const [small, large] = [make(size), make(4 * size)];
  const times = [0, 1, 2].map(() => [computing(() => work(small)), computing(() => work(large))] as const);
  const least = (at: 0 | 1): number => Math.min(...times.map((each) => each[at]));
  return Math.max(0, least(1) - 30) / Math.max(3, least(0));
}
