/** What the commands that read the history share. */
import { homedir } from "node:os";
import { type Command, InvalidArgumentError } from "commander";
import type { History } from "../../model/record/history.ts";
import type { TurnToken } from "../../model/record/schedule.ts";
import { historyPlace } from "../../store/history-place.ts";
import type { HistoryPlace } from "../../store/open-history.ts";
import { days } from "./args.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Which history. */
export interface StoreOptions {
  readonly store?: string;
}

/** `--store`. CURFEW_STORE is read where the store is chosen: what it may hold, an argument may not. */
export function addStoreOption(command: Command): Command {
  return command.option(
    "--store <place>",
    "the history: postgres:URL, sqlite:DIRECTORY, or a file that names one",
  );
}

/** The store that the options, the environment or a file name. Errors: those of `historyPlace`. */
export function storePlace(
  { store: given }: StoreOptions,
  { environment }: Pick<Terminal, "environment">,
): Promise<HistoryPlace> {
  return historyPlace({ given, environment, home: homedir() });
}

/**
 * Opens the history that the options, the environment or a file name, for `work`, or what is there of it for reading alone, and closes it afterwards.
 * Errors: those of `historyPlace`, of `openHistory` and of `work`.
 */
export async function withHistory<T>(
  terminal: Terminal,
  options: StoreOptions,
  work: (history: History) => Promise<T>,
  { readOnly = false, turn }: { readonly readOnly?: boolean; readonly turn?: TurnToken | undefined } = {},
): Promise<T> {
  const { openHistory } = await import("../../store/open-history.ts");
  const place = await storePlace(options, terminal);
  const history = await openHistory({ ...place, now: () => new Date(), readOnly, turn });
  try {
    return await work(history);
  } finally {
    await history.close();
  }
}

/** `30d` or `2026-11-01` or an ISO time, as an ISO time in UTC. */
export function isoTime(text: string): string {
  if (/^\d+d$/u.test(text)) return daysAgo(days(text));
  const iso = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/u;
  const time = iso.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new InvalidArgumentError("not a time such as 30d or 2026-11-01");
  return new Date(time).toISOString();
}

/** The ISO time that many seconds before now. */
export function daysAgo(seconds: number): string {
  return new Date(Date.now() - seconds * 1000).toISOString();
}
