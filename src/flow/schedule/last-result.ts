/** What came of the last run of a schedule that is installed here, on whichever machine that was. */
import { homedir, userInfo } from "node:os";
import { policyNameIn } from "../../config/policy/policy.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { ScheduleDefinition, ScheduleResult } from "../../model/record/schedule.ts";
import { historyPlace } from "../../store/history-place.ts";
import { readScheduleResult } from "../../store/schedule/result.ts";

export interface LastResult {
  /** Null where there was none. */
  readonly last: ScheduleResult | null;
  /** Why that is not known. */
  readonly lastUnknown: string | null;
}

/** The database's where it is shared; this machine's where that is later, as the database did not answer then. */
export async function lastResult(
  { name, state, audit, user }: ScheduleDefinition,
  environment: NodeJS.ProcessEnv,
): Promise<LastResult> {
  const own = (await readScheduleResult(state, name)) ?? null;
  if (user !== userInfo().username && !audit.includes("--store")) {
    // That account's configuration may name a store; it is not read by another account.
    const asked = `the account ${user} may have a store of its own, which is not read from here`;
    return { last: own, lastUnknown: own === null ? asked : null };
  }
  try {
    const shared = await sharedResult(name, audit, environment);
    const later = shared !== undefined && (own === null || shared.startedAt > own.startedAt);
    return { last: later ? shared : own, lastUnknown: null };
  } catch (error) {
    if (error instanceof CurfewError) return { last: own, lastUnknown: error.message };
    throw error;
  }
}

/** Undefined where the store is not a database, or no run of it is known there. */
async function sharedResult(
  name: string,
  audit: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<ScheduleResult | undefined> {
  const given = (option: string): string | undefined => {
    const at = audit.indexOf(option);
    return at < 0 ? undefined : audit[at + 1];
  };
  const place = await historyPlace({ given: given("--store"), environment, home: homedir() });
  if ("state" in place) return undefined;
  const policy = await policyNameIn(given("--policy"));
  const { createSharedSchedule } = await import("../../store/schedule/shared-store.ts");
  const key = { name, policy, limit: given("--limit") ?? "", hosts: [], owner: "" };
  return createSharedSchedule(place, key).last();
}
