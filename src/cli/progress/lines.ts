import { countBy } from "../../core/verdict/outcome.ts";
import { STEPS } from "../../model/change/run.ts";
import type { Progress } from "./shown-run.ts";
import { type BoardState, createBoardState, observe } from "./board-state.ts";
import { badRank, eventText, isBad, outcomeSymbol, outcomeWord } from "./event-text.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Up to so many hosts every step is a line; of a larger fleet nobody reads them. */
const LISTED = 10;
/** Milliseconds between two summaries. */
const EVERY = 10_000;
/** How many hosts with something wrong are named one by one; the results name all. */
const NAMED = 10;

/**
 * Progress for pipes, logs and CI, each line with the seconds since the beginning: every step and outcome of a few
 * hosts; of many a summary every ten seconds, and the first hosts with which something is wrong.
 */
export function createLines(terminal: Terminal, clock: () => number): Progress {
  let startedAt: number | undefined;
  let state: BoardState | undefined;
  let named = 0;
  let timer: NodeJS.Timeout | undefined;
  const write = (at: number, text: string): void => {
    startedAt ??= at;
    const seconds = Math.max(0, at - startedAt) / 1000;
    terminal.err(`[${seconds.toFixed(1).padStart(7)}s] ${text}\n`);
  };
  return {
    begin(title, hosts) {
      write(clock(), `${title}: ${hosts.length} host${hosts.length === 1 ? "" : "s"}`);
      state = hosts.length > LISTED ? createBoardState(title, hosts, clock()) : undefined;
      named = 0;
      if (state === undefined) return;
      const begun = state;
      timer = setInterval(() => write(clock(), summaryText(begun)), EVERY);
      timer.unref();
    },
    emit(event) {
      if (state !== undefined) observe(state, event);
      const shown = state === undefined || event.type === "wave-started" || isTrouble(event);
      if (state !== undefined && isTrouble(event) && (named += 1) > NAMED) return;
      const text = shown ? eventText(event) : undefined;
      if (text !== undefined) write(event.at, text);
    },
    note: (message) => write(clock(), message),
    end() {
      clearInterval(timer);
      if (state !== undefined) write(clock(), summaryText(state));
      state = undefined;
    },
  };
}

/** A host that was judged and found wanting is a result, no trouble. */
function isTrouble(event: Parameters<Progress["emit"]>[0]): boolean {
  return event.type === "host-finished" && isBad(event.outcome) && event.outcome !== "fail";
}

/** `audit: 57/200 hosts, ? unknown 7, ✓ pass 50; connecting 12, reading-facts 30`. */
function summaryText({ title, hosts }: BoardState): string {
  const all = [...hosts.values()];
  const done = all.flatMap(({ outcome }) => (outcome === undefined ? [] : [outcome]));
  const outcomes = Object.entries(countBy(done))
    .toSorted(([a], [b]) => badRank(a) - badRank(b))
    .map(([outcome, count]) => `${outcomeSymbol(outcome)} ${outcomeWord(outcome)} ${count}`);
  const counts = countBy(all.filter(({ outcome }) => outcome === undefined).map(({ step }) => step));
  const steps = (["waiting", ...STEPS] as const)
    .filter((step) => counts[step] !== undefined)
    .map((step) => `${step} ${counts[step]}`);
  const head = [`${title}: ${done.length}/${all.length} hosts`, ...outcomes].join(", ");
  return steps.length === 0 ? head : `${head}; ${steps.join(", ")}`;
}
