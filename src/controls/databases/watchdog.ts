/**
 * What the controls of databases have alike. Here: how the watchdog of one runs, as `database_watchdog` of
 * facts/databases.sh says it. Pure.
 */
import { z } from "zod";
import type { Seconds } from "../../model/terms/duration.ts";
import type { Ending } from "../../model/control/ending.ts";
import type { Facts } from "../../model/facts/facts.ts";
import type { SaidSections } from "../../model/facts/facts-part.ts";
import { cronRuns, installedInterval } from "../watchdog/installed.ts";
import { visible } from "../../core/text/visible.ts";

export const watchdogSchema = z.object({
  /** What systemd says of its timer; `none` where cron starts it. */
  timer: z.string(),
  /** Whether its last run was in time: `never` where it has not run since the host started. */
  fresh: z.enum(["yes", "no", "never"]),
  /** What that run came to: `ok`, or what it could not do. */
  came: z.string(),
});
export type DatabaseWatchdog = z.output<typeof watchdogSchema>;

/** Null where the host has no such watchdog. */
export function databaseWatchdog(sections: SaidSections, name: string): DatabaseWatchdog | null {
  const found = sections.maybe(`${name}-watchdog`);
  if (found === undefined) return null;
  const [timer = "", fresh = "", came = ""] = found.arguments;
  const known = fresh === "yes" || fresh === "never" ? fresh : "no";
  return { timer: visible(timer).slice(0, 40), fresh: known, came: visible(came).slice(0, 300) };
}

/** What is known of a database's watchdog on one host. */
export interface WatchdogKnown {
  readonly state: DatabaseWatchdog | null;
  /** Servers that could not be asked. */
  readonly unread: readonly string[];
  /** Why a server does not tell it who is idle. */
  readonly blind?: string | undefined;
}

/** That it ends sessions, after `placed` seconds; nothing where it is not on the host. */
export function watchdogEnding(
  { confirmed, ...head }: Pick<Ending, "control" | "by" | "source"> & { readonly confirmed: string },
  facts: Facts,
  placed: Seconds | undefined,
  { state, unread, blind }: WatchdogKnown,
): Ending[] {
  const every = installedInterval(facts, head.source);
  if (placed === undefined || every === undefined) return [];
  const base = { ...head, seconds: placed, grace: every };
  const trouble = watchdogTrouble(head.control, state, cronRuns(facts.service));
  const denied = trouble?.state === "stopped" ? trouble.why : blind;
  if (denied !== undefined) return [{ ...base, confirmed: undefined, denied }];
  const doubt = trouble?.why ?? (unread.length > 0 ? `${unread.join(", ")} could not be asked` : undefined);
  return [doubt === undefined ? { ...base, confirmed } : { ...base, confirmed: undefined, doubt }];
}

/** Why it ends no session, or why that is unknown; undefined where it does its work. */
export function watchdogTrouble(
  name: string,
  state: DatabaseWatchdog | null,
  cron: boolean,
): { readonly state: "stopped" | "unknown"; readonly why: string } | undefined {
  if (state === null) return { state: "stopped", why: `/etc/curfew/${name}.sh is not there` };
  const starts = state.timer === "active" || (state.timer === "none" && cron);
  if (!starts) return { state: "stopped", why: `curfew-${name}.timer does not run: ${state.timer}` };
  if (state.fresh === "no") return { state: "stopped", why: "its last run is longer ago than it should be" };
  if (state.fresh === "never")
    return { state: "unknown", why: "it has not run yet since the host started, so its effect is unknown" };
  if (state.came === "ok") return undefined;
  return { state: "unknown", why: `its last run did not end well: ${state.came}` };
}
