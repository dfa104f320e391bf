import { widthOf } from "../../report/layout/columns.ts";
import { boardLines } from "./board.ts";
import { type BoardState, createBoardState, observe } from "./board-state.ts";
import type { Progress } from "./shown-run.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Milliseconds between two drawings while events come, and while only the clock runs. */
const SHORTEST = 100;
const IDLE = 1000;

/**
 * Keeps the board on the terminal: drawn at most ten times a second, only the lines that changed,
 * and gone when the phase ends.
 */
export function createLiveBoard(terminal: Terminal, clock: () => number): Progress {
  let state: BoardState | undefined;
  let shown: readonly string[] = [];
  let drawnAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let stopListening: (() => void) | undefined;

  function draw(): void {
    if (state === undefined) return;
    const lines = boardLines(state, viewOf(terminal, clock));
    const text = redraw(shown, lines);
    if (text !== "") terminal.err(text);
    shown = lines;
    drawnAt = clock();
    schedule(IDLE);
  }
  function schedule(delay: number): void {
    clearTimeout(timer);
    timer = setTimeout(draw, delay);
    timer.unref();
  }
  function erase(): void {
    if (shown.length > 0) terminal.err(`${up(heightOf(shown, terminal.size().columns))}\u001b[J`);
    shown = [];
  }
  return {
    begin(title, hosts) {
      state = createBoardState(title, hosts, clock());
      stopListening = terminal.onResize(() => {
        erase();
        draw();
      });
      draw();
    },
    emit(event) {
      if (state === undefined) return;
      observe(state, event);
      schedule(Math.max(0, drawnAt + SHORTEST - clock()));
    },
    note(message) {
      erase();
      terminal.err(`${message}\n`);
      draw();
    },
    end() {
      clearTimeout(timer);
      stopListening?.();
      const last = state === undefined ? [] : boardLines(state, viewOf(terminal, clock));
      erase();
      state = undefined;
      // Where standard output goes elsewhere, people would otherwise be left with nothing.
      if (!terminal.shows && last.length > 0) terminal.err(`${last.join("\n")}\n`);
    },
  };
}

function viewOf(terminal: Terminal, clock: () => number): Parameters<typeof boardLines>[1] {
  return { now: clock(), ...terminal.size(), paint: terminal.errPaint, ascii: terminal.ascii };
}

/** From the line below what is shown, back there again; unchanged lines cost one line feed each. */
function redraw(shown: readonly string[], lines: readonly string[]): string {
  if (shown.length === lines.length && lines.every((line, index) => line === shown[index])) return "";
  const body = lines.map((line, index) => (line === shown[index] ? "\n" : `\r${line}\u001b[K\n`));
  return `${up(shown.length)}${body.join("")}${shown.length > lines.length ? "\u001b[J" : ""}`;
}

function up(lines: number): string {
  return lines > 0 ? `\r\u001b[${lines}A` : "";
}

/** Rows that lines take now; a terminal that became narrower has wrapped them. */
function heightOf(lines: readonly string[], columns: number): number {
  return lines.reduce((total, line) => total + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
}
