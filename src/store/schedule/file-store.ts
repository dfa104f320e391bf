/** One schedule of this machine: its lock and its last result are files of the state directory. */
import type { BusySchedule, ScheduleStore, ScheduleTurn } from "../../model/record/schedule.ts";
import { takeScheduleLock } from "./lock.ts";
import { readScheduleResult, writeScheduleResult } from "./result.ts";

export function createFileSchedule(state: string, name: string): ScheduleStore {
  const last = (): ReturnType<ScheduleStore["last"]> => readScheduleResult(state, name);
  return {
    last,
    async take(): Promise<ScheduleTurn | BusySchedule> {
      const lock = await takeScheduleLock(state, name);
      if (lock === undefined) {
        const began = (await last())?.startedAt ?? "an unknown time";
        return { busy: `the audit that began at ${began} is still running` };
      }
      return {
        last: await last(),
        // The kernel holds the lock as long as this process lives, so no other one takes over.
        lost: new AbortController().signal,
        still: async () => true,
        store: (result) => writeScheduleResult(state, name, result),
        release: async () => lock.release(),
      };
    },
  };
}
