/** What the commands that read the history share. */
import { homedir } from "node:os";
import { InvalidArgumentError } from "commander";
import type { History } from "../../model/history.ts";
import { stateDirectory } from "../../store/file/xdg.ts";
import { days } from "./args.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Opens the history of this user for `work`, or what is there of it for reading alone, and closes it afterwards. Errors: those of `openHistory` and of `work`. */
export async function withHistory<T>(
  { environment }: Terminal,
  work: (history: History) => Promise<T>,
  { readOnly = false }: { readonly readOnly?: boolean } = {},
): Promise<T> {
  const { openHistory } = await import("../../store/open-history.ts");
  const state = stateDirectory(environment, homedir());
  const history = await openHistory({ state, now: () => new Date(), readOnly });
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
