/** What was measured as ratios and text. Pure. */
import type { Usage } from "./measure.ts";

/** The middle value; of an even number the mean of the two in the middle. Throws for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  if (low === undefined || high === undefined) throw new Error("no median of nothing");
  return (low + high) / 2;
}

/** The median of each number by itself. */
export function medianUsage(usages: readonly Usage[]): Usage {
  const middle = (pick: (usage: Usage) => number): number => median(usages.map(pick));
  return {
    wallMs: middle(({ wallMs }) => wallMs),
    cpuMs: middle(({ cpuMs }) => cpuMs),
    childCpuMs: middle(({ childCpuMs }) => childCpuMs),
    rssMiB: middle(({ rssMiB }) => rssMiB),
  };
}

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly hosts: number;
  readonly runs: number;
  readonly usage: Usage;
}

/** Round trips above TCP for one host. */
export interface RoundTrips {
  readonly what: string;
  readonly count: number;
}

/** A ratio that is to be reached. */
export interface Goal {
  readonly what: string;
  readonly ratio: number;
  readonly limit: number;
  /** What the library comes to with the same scripts and no other code: no program over it can do better. */
  readonly library?: number;
}

/** Milliseconds of CPU for each further host, without what starting costs: from a small and a large run. */
export function perFurtherHost(small: Row, large: Row): number {
  if (large.hosts <= small.hosts) throw new Error("the second run must have more hosts");
  return (large.usage.cpuMs - small.usage.cpuMs) / (large.hosts - small.hosts);
}

/** The table, its numbers right-aligned under their headings. */
export function tableText(rows: readonly Row[]): string {
  const head = ["", "hosts", "runs", "wall s", "CPU ms/host", "children ms/host", "peak RSS MiB"];
  const cells = rows.map(({ what, hosts, runs, usage }) => [
    what,
    String(hosts),
    String(runs),
    (usage.wallMs / 1000).toFixed(1),
    (usage.cpuMs / hosts).toFixed(1),
    (usage.childCpuMs / hosts).toFixed(1),
    usage.rssMiB.toFixed(0),
  ]);
  return aligned([head, ...cells]);
}

/** One line per goal: reached or not, the ratio, and its limit. Rounding never makes a miss look like a hit. */
export function goalsText(goals: readonly Goal[]): string {
  const cells = goals.map(({ what, ratio, limit, library }) => [
    what,
    isReached({ what, ratio, limit }) ? "✓" : "✗",
    (ratio <= limit ? Math.floor(ratio * 100) / 100 : Math.ceil(ratio * 100) / 100).toFixed(2),
    `to reach ${limit.toFixed(2)}`,
    ...(library === undefined ? [] : [`library alone ${library.toFixed(2)}`]),
  ]);
  return aligned(cells);
}

/** One line per program. */
export function tripsText(trips: readonly RoundTrips[]): string {
  return aligned(trips.map(({ what, count }) => [`round trips per host, ${what}`, count.toFixed(1)]));
}

/** A ratio of which nothing is known is not reached. */
export function isReached({ ratio, limit }: Goal): boolean {
  return ratio <= limit;
}

/** Columns as wide as they have to be; the first one left, the others right. */
export function aligned(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, at) => Math.max(...lines.map((line) => (line[at] ?? "").length)));
  return lines
    .map((line) =>
      line
        .map((cell, at) => (at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0)))
        .join("  "),
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}
