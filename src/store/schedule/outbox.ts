/** Alerts on their way: on disk before the first attempt, gone when delivered, so that a kill or an outage loses none. */
import { createHash } from "node:crypto";
import { lstat, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { QueuedAlert } from "../../model/record/alert.ts";
import { writeAtomically } from "../file/atomic-write.ts";
import { makeStateDirectory, readOwn } from "../file/own-place.ts";

/** The audit that the next one is compared with, for those who are told. */
interface ToldAudit {
  readonly runId: string;
  /** ISO time. */
  readonly startedAt: string;
  /** The ends of exemptions that people have been warned of. */
  readonly warned: readonly string[];
}

export interface Outbox {
  /** Resolves when the alert would survive a power cut. */
  add(queued: QueuedAlert): Promise<void>;
  /** Takes what waits for a destination, oldest first; another process does not get it meanwhile. */
  take(destination: string): Promise<QueuedAlert[]>;
  /** It was delivered. */
  done(queued: QueuedAlert): Promise<void>;
  /** It was not: the next audit tries again. */
  putBack(queued: QueuedAlert): Promise<void>;
  /** The audit whose news were queued last for this key; undefined where there is none. */
  lastTold(key: string): Promise<ToldAudit | undefined>;
  /** The news of this audit are queued. */
  told(key: string, audit: ToldAudit): Promise<void>;
  /** Gives up what is older than a week; returns the ids, told once. */
  giveUp(destination: string): Promise<string[]>;
}

const WEEK = 7 * 86_400_000;

/** A process that took an alert and has not said anything for so long is dead. */
const CLAIM = 5 * 60_000;

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
    add: (queued) => writeAtomically(path(queued), [JSON.stringify(queued)]),
    async take(destination) {
      const taken: QueuedAlert[] = [];
      for (const [name] of await names(destination)) {
        const queued = await claim(join(directory, name), now);
        if (queued !== undefined) taken.push(queued);
      }
      return taken;
    },
    done: (queued) => rm(`${path(queued)}.taken`, { force: true }),
    putBack: (queued) => rename(`${path(queued)}.taken`, path(queued)),
    async lastTold(key) {
      const text = await readOwn(toldFile(directory, key)).catch(() => undefined);
      return text === undefined ? undefined : readTold(text);
    },
    told: (key, audit) => writeAtomically(toldFile(directory, key), [JSON.stringify(audit)]),
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
  };
}

function toldFile(directory: string, key: string): string {
  return join(directory, `told-${createHash("sha256").update(key).digest("hex").slice(0, 16)}.json`);
}

function readTold(text: string): ToldAudit | undefined {
  try {
    const { runId, startedAt, warned } = JSON.parse(text) as Partial<ToldAudit>;
    const whole = typeof runId === "string" && typeof startedAt === "string" && Array.isArray(warned);
    return whole ? { runId, startedAt, warned } : undefined;
  } catch {
    return undefined;
  }
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
function timeOf(run: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/u.exec(run) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
