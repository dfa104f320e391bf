/** Figures of a campaign, as a table of faults by kind. */
import type { Wrong } from "./judge.ts";
import type { Tried } from "./field.ts";

const WRONGS: readonly Wrong[] = ["lock-out", "false statement", "leftover", "lost edit", "between"];

/** One line for each kind of fault, and the sum. */
export function tally(tried: readonly Tried[]): string[] {
  const kinds = [...Map.groupBy(tried, ({ trial }) => trial.fault)].toSorted(([left], [right]) =>
    left < right ? -1 : 1,
  );
  const width = Math.max(5, ...kinds.map(([kind]) => kind.length));
  const row = (name: string, cells: readonly string[]): string =>
    [
      name.padEnd(width),
      ...cells.map((cell, index) => cell.padStart([6, ...WRONGS.map(({ length }) => length)][index] ?? 6)),
    ].join("  ");
  const figures = (of: readonly Tried[]): string[] => [
    String(of.length),
    ...WRONGS.map((wrong) =>
      String(of.filter(({ complaints }) => complaints.some((each) => each.wrong === wrong)).length),
    ),
  ];
  return [
    row("fault", ["trials", ...WRONGS]),
    ...kinds.map(([kind, of]) => row(kind, figures(of))),
    row("all", figures(tried)),
  ];
}

/** What was wrong after a trial, with what is needed to see it again. */
export function described({ trial, host, complaints }: Tried): string[] {
  const { seed, command, fault, step, alone } = trial;
  return complaints.map(
    ({ wrong, words }) =>
      `${wrong}: ${host}, seed ${seed}: ${command}, ${fault} at ${step}${alone ? ", the controller killed" : ""}: ${words}`,
  );
}
