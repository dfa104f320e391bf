/** An audit that is repeated: what it is, when it begins, and what came of its last run. */
import { z } from "zod";
import type { Seconds } from "../terms/duration.ts";
import { SCHEDULE_NAME } from "../terms/schedule-name.ts";

/** Every so often, or at times as systemd.time(7) writes calendar events. */
export type ScheduleTime =
  | { readonly kind: "every"; readonly seconds: Seconds }
  | { readonly kind: "calendar"; readonly text: string };

const text = z.string().max(4096);

/** What an installed schedule's files say about themselves, in a line of JSON. */
export const definitionSchema = z.strictObject({
  schema: z.literal("curfew/schedule-definition/1"),
  name: z.string().regex(SCHEDULE_NAME),
  time: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("every"), seconds: z.number().int().positive() }),
    z.strictObject({ kind: z.literal("calendar"), text }),
  ]),
  /** Arguments of `curfew audit`, paths absolute. */
  audit: z.array(text),
  /** An audit is ended after so many seconds. */
  timeout: z.number().int().positive(),
  /** curfew's state directory of whoever runs it: the history, the alerts, the last result. */
  state: text,
  user: text,
});
export type ScheduleDefinition = z.output<typeof definitionSchema>;

/** A schedule as it is to be installed. */
export interface Schedule extends ScheduleDefinition {
  /** The programs that come before the arguments: Node and curfew, absolute. */
  readonly program: readonly [node: string, curfew: string];
  /** Where relative names in files count from. */
  readonly directory: string;
  /** Directories that a run writes to beside the state. */
  readonly writes: readonly string[];
  /** Whether the alerts file has mail in it, whose sendmail needs rights of its own. */
  readonly mails: boolean;
  /** Whether files that this user does not own are written. */
  readonly foreign: boolean;
  readonly environmentFile?: string;
  /** Where other machines may have it: nothing is started where one of them began less than so many seconds ago. */
  readonly apart?: Seconds;
}

/** What starts it. */
export type Scheduler = "systemd" | "systemd-user" | "cron" | "crontab";

const time = z.iso.datetime();

/** What came of the last run of a schedule. */
export const resultSchema = z.strictObject({
  schema: z.literal("curfew/schedule-result/1"),
  startedAt: time,
  /** Null: it runs, or it was killed together with what watched over it. */
  endedAt: time.nullable(),
  /** `finished` with an exit code of 0, 2 or 3; `stopped` by whoever stopped the schedule. */
  outcome: z.enum(["running", "finished", "unfinished", "stopped"]),
  exitCode: z.number().int().nullable(),
  reason: text.nullable(),
  /** Since when no audit came to its end; people were told once. Null where the last one did. */
  unfinishedSince: time.nullable(),
});
export type ScheduleResult = z.output<typeof resultSchema>;

/** A turn in a database: what is written and told under it counts only as long as no other machine has taken over. */
export interface TurnToken {
  /** The schedule's number there. */
  readonly schedule: number;
  /** Rises whenever somebody takes it. */
  readonly turn: number;
}

/** A turn of a schedule that this process has; no other process runs it meanwhile. */
export interface ScheduleTurn {
  /** Of the run before. */
  readonly last: ScheduleResult | undefined;
  /** Where many machines share the schedule: whose run that was, and how many seconds before this turn it began. */
  readonly before?: { readonly owner: string; readonly seconds: number | null };
  /** Where many machines share it. */
  readonly token?: TurnToken;
  /** Why nothing can be run: the database that decides whose turn it is does not answer. */
  readonly broken?: string;
  /** Set once another machine has taken over, since the database did not hear from this one. */
  readonly lost: AbortSignal;
  /** Asks whether it still has the turn; true where there is no answer. */
  still(): Promise<boolean>;
  /** Errors: those of the store. */
  store(result: ScheduleResult): Promise<void>;
  /** Never rejects. */
  release(): Promise<void>;
}

/** Another process has the turn; in words for people. */
export interface BusySchedule {
  readonly busy: string;
}

/** What is known of one schedule, and whose turn it is. */
export interface ScheduleStore {
  /**
   * Errors: those of the store.
   *
   * @param stay asked while another has the turn: whether to look again. Left out: no. A store of many machines looks by the
   *   connection that it has.
   */
  take(stay?: (busy: string) => Promise<boolean>): Promise<ScheduleTurn | BusySchedule>;
  last(): Promise<ScheduleResult | undefined>;
}
