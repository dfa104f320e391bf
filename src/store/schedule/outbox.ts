/** Alerts on their way: on disk before the first attempt, gone when delivered, so that a kill or an outage loses none. */
import { createHash } from "node:crypto";
import { lstat, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { readJson } from "../../core/text/json.ts";
import type { Outbox, QueuedAlert, ToldAudit } from "../../model/record/alert.ts";
import { writeAtomically } from "../file/atomic-write.ts";
import { makeStateDirectory, readOwn } from "../file/own-place.ts";

/** Milliseconds after which an alert is given up. */
export const WEEK = 7 * 86_400_000;

/** A process that took an alert and has not said anything for so long is dead. */
export const CLAIM = 5 * 60_000;

const NAME = /^(\d{8}T\d{6}Z-[a-z]+-[0-9a-f]{8})-([A-Za-z0-9][A-Za-z0-9._-]*)\.json(\.taken)?$/u;

/** The outbox `alerts/` (mode 0700) in curfew's state directory. Errors: those of node:fs. */
export async function openOutbox(state: string, now: () => Date): Promise<Outbox> {
  const directory = await makeStateDirectory(state, "alerts");
  const path = ({ alert }: QueuedAlert): string => join(directory, `${alert.id}.json`);
  const names = async (destination: string): Promise<RegExpExecArray[]> =>
    (await readdir(directory))
      .map((name) => NAME.exec(name))
      .filter((match) => match !== null)
      .filter(([, , own]) => own === destination)
      .toSorted(([left], [right]) => (left < right ? -1 : 1));
  return {
    async add(queued, told) {
      for (const each of queued) await writeAtomically(path(each), [JSON.stringify(each)]);
      if (told !== undefined)
        await writeAtomically(toldFile(directory, told.key), [JSON.stringify(told.audit)]);
    },
    async take(destination) {
      const taken: QueuedAlert[] = [];
      for (const [name] of await names(destination)) {
        const queued = await claim(join(directory, name), now);
        if (queued !== undefined) taken.push(queued);
      }
      return taken;
    },
    keep: async () => true,
    done: (queued) => rm(`${path(queued)}.taken`, { force: true }),
    putBack: (queued) => rename(`${path(queued)}.taken`, path(queued)),
    async lastTold(key) {
      const text = await readOwn(toldFile(directory, key)).catch(() => undefined);
      return text === undefined ? undefined : readTold(text);
    },
    async giveUp(destination) {
      const lost: string[] = [];
      for (const [name, run = "", own = ""] of await names(destination)) {
        const file = join(directory, name);
        if (now().getTime() - timeOf(run) < WEEK) continue;
        await rm(file, { force: true });
        lost.push(`${run}-${own}`);
      }
      return lost;
    },
    close: async () => {},
  };
}

function toldFile(directory: string, key: string): string {
  return join(directory, `told-${createHash("sha256").update(key).digest("hex").slice(0, 16)}.json`);
}

/** Undefined for what is not one. */
export function readTold(text: string): ToldAudit | undefined {
  const { runId, startedAt, warned } = (readJson(text) ?? {}) as Partial<ToldAudit>;
  const whole = typeof runId === "string" && typeof startedAt === "string" && Array.isArray(warned);
  return whole ? { runId, startedAt, warned } : undefined;
}

/** The rename is what only one of several processes succeeds in. */
async function claim(file: string, now: () => Date): Promise<QueuedAlert | undefined> {
  const claimed = file.endsWith(".taken");
  const age = await lstat(file).then(
    ({ ctimeMs }) => now().getTime() - ctimeMs,
    () => undefined,
  );
  if (age === undefined || (claimed && age < CLAIM)) return undefined;
  const taken = claimed ? file : `${file}.taken`;
  try {
    await rename(file, taken);
    return JSON.parse(await readOwn(taken)) as QueuedAlert;
  } catch {
    return undefined;
  }
}

/** `20261122T034310Z-…` in milliseconds. */
export function timeOf(run: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/u.exec(run) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
