/** How the fleet did over the last runs: an area drawn as SVG, and the same numbers as a table. */
import { visible } from "../../core/text/visible.ts";
import type { RunSummary } from "../../model/record/audit.ts";
import { countOf, mark, number, when } from "./words.ts";

/** The drawing's units; it is scaled to the width that there is. */
const WIDTH = 640;
const HEIGHT = 120;
/** The newest so many runs are drawn and listed. */
const RUNS = 60;

/** The values of `trend.hbs`; null with fewer than two finished runs, which are no trend. Pure. */
export function trendValues(trend: readonly RunSummary[]) {
  const finished = trend.filter(({ state }) => state === "finished").slice(-RUNS);
  const first = finished[0];
  const last = finished.at(-1);
  if (first === undefined || last === undefined || finished.length < 2) return null;
  const most = Math.max(1, ...finished.map(openOf));
  const x = (index: number): number => round((index * WIDTH) / (finished.length - 1));
  const y = (amount: number): number => round(HEIGHT - (amount * HEIGHT) / most);
  const fails = finished.map(({ hosts }, index) => [x(index), y(hosts.fail)] as const);
  const open = finished.map(({ hosts }, index) => [x(index), y(hosts.fail + hosts.unknown)] as const);
  return {
    label: label(finished, first, last),
    most: number(most),
    from: when(first.startedAt),
    to: when(last.startedAt),
    failArea: points([...fails, [WIDTH, HEIGHT], [0, HEIGHT]]),
    unknownArea: points([...open, ...fails.toReversed()]),
    line: points(open),
    dots: open.map(([cx, cy], index) => ({ cx, cy, title: title(finished[index] ?? last) })),
    rows: trend.slice(-RUNS).toReversed().map(row),
  };
}

function label(finished: readonly RunSummary[], first: RunSummary, last: RunSummary): string {
  return `Hosts that fail or are unknown over ${countOf(finished.length, "run")}: ${openOf(first)} at first, ${openOf(last)} now.`;
}

function openOf({ hosts }: RunSummary): number {
  return hosts.fail + hosts.unknown;
}

function title(run: RunSummary): string {
  const { fail, unknown, pass } = run.hosts;
  return visible(`${when(run.startedAt)}: ${fail} fail, ${unknown} unknown, ${pass} pass`);
}

function row(run: RunSummary) {
  const { hosts, findings } = run;
  return {
    when: visible(when(run.startedAt)),
    runId: visible(run.runId),
    state: stateText(run),
    fail: { mark: mark("fail"), amount: number(hosts.fail) },
    unknown: { mark: mark("unknown"), amount: number(hosts.unknown) },
    pass: { mark: mark("pass"), amount: number(hosts.pass) },
    findings: number(findings.fail + findings.unknown),
    waived: number(findings.waived),
  };
}

const STATES = { running: "still running", "broken-off": "broken off" } as const;

/** Whether it ended, and then whether it opened sessions. */
export function stateText({ state, verified }: Pick<RunSummary, "state" | "verified">): string {
  if (state !== "finished") return STATES[state];
  return verified ? "with real sessions" : "without sessions";
}

function points(list: readonly (readonly [number, number])[]): string {
  return list.map(([x, y]) => `${x},${y}`).join(" ");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
