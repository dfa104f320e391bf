/**
 * Every host has its turn. One process works for hundreds of hosts, so a host that talks without end, in whatever
 * packets and at whatever stage of the protocol, must not take the time of those that have something to say.
 */
import type { Duplex } from "node:stream";

/** Milliseconds of work that any host is given at once: three times what a login and all facts cost. */
const AT_ONCE_MS = 30;
/** While other hosts speak, those beyond it share one part in so many of the time. */
const ONE_IN = 10;
/** How long after its last word a host still counts as speaking. */
const SPEAKING_MS = 1000;

/** Milliseconds of `performance.now()`. */
let heard = Number.NEGATIVE_INFINITY;
let nextTurn = 0;

/**
 * Reads on from a host that cost more than its part only when it is its turn, one chunk at a time. The stream must be
 * paused explicitly, as ssh2 leaves it: a listener would start the flow before the library listens.
 */
export function shareFairly(stream: Duplex): void {
  let spent = 0;
  heard = performance.now();
  const rest = (cost: number): void => {
    const now = performance.now();
    if (now - heard > SPEAKING_MS) {
      setImmediate(() => stream.resume());
      return;
    }
    nextTurn = Math.max(now, nextTurn) + cost * ONE_IN;
    setTimeout(() => stream.resume(), nextTurn - now);
  };
  stream.on("data", () => {
    const before = usedByThread();
    // After everybody who listens to the stream has done with this chunk.
    process.nextTick(() => {
      const cost = usedByThread() - before;
      spent += cost;
      if (spent < AT_ONCE_MS) heard = performance.now();
      else if (!stream.destroyed) {
        stream.pause();
        rest(cost);
      }
    });
  });
}

/** Milliseconds of computing: on a busy machine the clock says nothing about what a host costs. */
function usedByThread(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
