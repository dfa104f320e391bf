/** What came of the last run of each schedule: `schedules/NAME.json` in the state directory. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { resultSchema, type ScheduleResult } from "../../model/schedule.ts";
import { writeAtomically } from "../file/atomic-write.ts";

/** Undefined where there was no run, or its file cannot be read. */
export async function readScheduleResult(state: string, name: string): Promise<ScheduleResult | undefined> {
  try {
    return resultSchema.safeParse(JSON.parse(await readFile(fileOf(state, name), "utf8"))).data;
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
  await mkdir(join(state, "schedules"), { recursive: true, mode: 0o700 });
  await writeAtomically(fileOf(state, name), [`${JSON.stringify(result)}\n`]);
}

/** What runs of a schedule leave beside the history. */
export function scheduleStatePaths(state: string, name: string): string[] {
  return ["json", "lock", "lock-journal"].map((kind) => join(state, "schedules", `${name}.${kind}`));
}

function fileOf(state: string, name: string): string {
  return join(state, "schedules", `${name}.json`);
}
