/** Whose turn it is: files of this machine say it, and a database where the store is one and other machines may have the schedule. */
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { BusySchedule, ScheduleTurn } from "../../model/record/schedule.ts";
import type { Seconds } from "../../model/terms/duration.ts";
import { CurfewError } from "../../model/terms/error.ts";
import type { HistoryPlace } from "../../store/open-history.ts";
import type { SharedKey } from "../../store/schedule/shared-store.ts";
import { storePlace } from "../options/history-access.ts";
import { loadHosts } from "../options/inputs.ts";
import { ownerName } from "../progress/owner.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { type ScheduledOptions, withSources } from "./audit.ts";

/** A schedule as this machine has it. */
export interface TurnRequest {
  readonly options: ScheduledOptions & { readonly name: string };
  /** curfew's state directory. */
  readonly state: string;
  readonly terminal: Terminal;
  readonly stopping: AbortSignal;
  /** Another machine's audit takes no longer. */
  readonly timeout: Seconds;
  /** Says what is waited for. */
  readonly say: (text: string) => void;
}

/** Milliseconds between two looks whether another machine's audit is over. */
const LOOK = 3000;

/**
 * Takes the turn on this machine and then, where the store is a database, among all machines. While another machine has it
 * this one stands by, so that it takes over at once. A database that does not answer is a turn that runs nothing and is
 * told once from here. Errors: those of node:fs and node:sqlite.
 */
export async function takeScheduleTurn(request: TurnRequest): Promise<ScheduleTurn | BusySchedule> {
  const { state, options, terminal } = request;
  const { createFileSchedule } = await import("../../store/schedule/file-store.ts");
  const own = await createFileSchedule(state, options.name).take();
  if ("busy" in own) return own;
  try {
    const place = await storePlace(options, terminal);
    if ("state" in place) return own;
    return await bothTurns(own, request, await standBy(place, request));
  } catch (error) {
    if (error instanceof CurfewError) return { ...own, broken: error.message };
    await own.release();
    throw error;
  }
}

/** The database's word counts; the lock of this machine goes with it. */
async function bothTurns(
  own: ScheduleTurn,
  { state, options }: TurnRequest,
  shared: ScheduleTurn | BusySchedule,
): Promise<ScheduleTurn | BusySchedule> {
  if ("busy" in shared) {
    await own.release();
    return shared;
  }
  // What was told from here while the database was away is over.
  const { scheduleResultFile } = await import("../../store/schedule/result.ts");
  await rm(scheduleResultFile(state, options.name), { force: true }).catch(async (error: unknown) => {
    // Other machines need not wait for one that cannot even begin.
    await shared.release();
    throw error;
  });
  return {
    ...shared,
    async release() {
      await shared.release();
      await own.release();
    },
  };
}

/** Until it is free, this schedule ends, or the other's audit takes too long. */
async function standBy(
  place: Extract<HistoryPlace, { readonly postgres: unknown }>,
  request: TurnRequest,
): Promise<ScheduleTurn | BusySchedule> {
  const { stopping, timeout, say } = request;
  const { createSharedSchedule, TURN_GONE } = await import("../../store/schedule/shared-store.ts");
  const schedule = createSharedSchedule(place, await keyOf(request));
  const begin = performance.now();
  const waited = (): number => (performance.now() - begin) / 1000;
  let said = "";
  const turn = await schedule.take(async (busy) => {
    if (stopping.aborted || waited() > timeout + TURN_GONE) return false;
    if (said !== busy) say(`standing by: ${busy}`);
    said = busy;
    await sleep(LOOK, undefined, { signal: stopping }).catch(() => {});
    return true;
  });
  return "busy" in turn ? turn : sinceTick(turn, waited());
}

/** How long before this turn was due the run before began: the wait is not part of it. */
function sinceTick(turn: ScheduleTurn, waited: Seconds): ScheduleTurn {
  const { before } = turn;
  if (before === undefined || before.seconds === null) return turn;
  return { ...turn, before: { ...before, seconds: before.seconds - waited } };
}

/** A policy that cannot be read has a turn of its own, whose audit says what is wrong. */
async function keyOf({ options: given, terminal }: TurnRequest): Promise<SharedKey> {
  const options = { ...(await withSources(given, terminal)), quiet: true as const };
  const chosen = await loadHosts(options, terminal).catch(() => undefined);
  const { policyNameIn } = await import("../../config/policy/policy.ts");
  const policy = await policyNameIn(options.policy);
  const hosts = (chosen?.hosts ?? []).map(({ name }) => name);
  return { name: given.name, policy, limit: options.limit ?? "", hosts, owner: ownerName() };
}
