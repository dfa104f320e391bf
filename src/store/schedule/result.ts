/** What came of the last run of each schedule: `schedules/NAME.json` in the state directory. */
import { join } from "node:path";
import { resultSchema, type ScheduleResult } from "../../model/record/schedule.ts";
import { writeAtomically } from "../file/atomic-write.ts";
import { makeStateDirectory, readOwn } from "../file/own-place.ts";

/** Undefined where there was no run, or its file cannot be read. */
export async function readScheduleResult(state: string, name: string): Promise<ScheduleResult | undefined> {
  try {
    return resultSchema.safeParse(JSON.parse(await readOwn(scheduleResultFile(state, name)))).data;
  } catch {
    return undefined;
  }
}

/** Errors: those of node:fs. */
export async function writeScheduleResult(
  state: string,
  name: string,
  result: ScheduleResult,
): Promise<void> {
  await makeStateDirectory(state, "schedules");
  await writeAtomically(scheduleResultFile(state, name), [`${JSON.stringify(result)}\n`]);
}

/** What runs of a schedule leave beside the history. */
export function scheduleStatePaths(state: string, name: string): string[] {
  return ["json", "lock", "lock-journal"].map((kind) => join(state, "schedules", `${name}.${kind}`));
}

/** `schedules/NAME.json`. */
export function scheduleResultFile(state: string, name: string): string {
  return join(state, "schedules", `${name}.json`);
}
