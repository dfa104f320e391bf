import { setTimeout as sleep } from "node:timers/promises";
import type { Time } from "../model/terms/time.ts";

/** This machine's monotonic clock and timer; connections and channels take their moments from the same clock. */
export const TIME: Time = {
  clock: () => performance.now(),
  pause: async (milliseconds, signal) => {
    await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
  },
};
