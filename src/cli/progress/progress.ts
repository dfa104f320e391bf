/** What a run shows while it goes on: a board on a terminal, lines elsewhere, events for programs. */
import { asciiJson } from "../../report/layout/ascii.ts";
import type { OutputOptions } from "../options/args.ts";
import { createLines } from "./lines.ts";
import { createLiveBoard } from "./live-board.ts";
import type { Progress } from "./shown-run.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** A live board on a terminal, lines in a pipe, NDJSON for `--events`, messages only for `--quiet`. */
export function createProgress(options: OutputOptions, terminal: Terminal, clock: () => number): Progress {
  if (options.events === true) return eventLines(terminal);
  if (options.quiet === true) return messagesOnly(terminal);
  return terminal.redraws ? createLiveBoard(terminal, clock) : createLines(terminal, clock);
}

function eventLines(terminal: Terminal): Progress {
  const write = (event: object): void =>
    terminal.err(`${asciiJson(JSON.stringify({ time: new Date().toISOString(), ...event }))}\n`);
  return { begin() {}, emit: write, note: (message) => write({ type: "note", message }), end() {} };
}

function messagesOnly(terminal: Terminal): Progress {
  return { begin() {}, emit() {}, note: (message) => terminal.err(`${message}\n`), end() {} };
}
