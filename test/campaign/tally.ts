/** Figures of a campaign, as a table of faults by kind. */
import type { Wrong } from "./judge.ts";
import type { Tried } from "./play.ts";

const WRONGS: readonly Wrong[] = ["lock-out", "false statement", "leftover", "lost edit", "between"];

/** One line for each kind of fault, and the sum. Done: where the fault came to its moment. */
export function tally(tried: readonly Tried[]): string[] {
  const kinds = [...Map.groupBy(tried, ({ trial }) => trial.fault)].toSorted(([left], [right]) =>
    left < right ? -1 : 1,
  );
  const hosts = [...Map.groupBy(tried, ({ host }) => host)];
  const width = Math.max(5, ...kinds.map(([kind]) => kind.length));
  const heads = ["trials", "done", ...WRONGS];
  const row = (name: string, cells: readonly string[]): string =>
    [
      name.padEnd(width),
      ...cells.map((cell, index) => cell.padStart(Math.max(4, heads[index]?.length ?? 0))),
    ].join("  ");
  return [
    row("fault", heads),
    ...kinds.map(([kind, of]) => row(kind, figures(of))),
    row("host", heads),
    ...hosts.map(([host, of]) => row(host, figures(of))),
    row("all", figures(tried)),
  ];
}

function figures(of: readonly Tried[]): string[] {
  return [
    String(of.length),
    String(of.filter(({ struck }) => struck).length),
    ...WRONGS.map((wrong) =>
      String(of.filter(({ complaints }) => complaints.some((each) => each.wrong === wrong)).length),
    ),
  ];
}

/** One trial in words. */
export function named({ trial, host, path, struck, seconds }: Tried): string {
  const { seed, command, fault, step, alone, after } = trial;
  const lasts = fault.includes("for a while") ? ` (${trial.seconds} s)` : "";
  const about = /\b(?:a file|somebody)\b/u.test(fault) ? ` (${path})` : "";
  return `${host}, seed ${seed}: ${command}, ${fault}${lasts}${about}, ${after} ms after ${step}${alone ? ", the controller killed" : ""}${struck ? "" : ", not done"} [${Math.round(seconds)} s]`;
}

/** What was wrong after a trial, with what is needed to see it again. */
export function described(tried: Tried): string[] {
  return tried.complaints.map(({ wrong, words }) => `${wrong}: ${named(tried)}: ${words}`);
}
