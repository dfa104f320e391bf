import type { Progress } from "./shown-run.ts";
import { eventText } from "./event-text.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Progress for pipes, logs and CI: one line per step and outcome, with the seconds since the beginning. */
export function createLines(terminal: Terminal, clock: () => number): Progress {
  let startedAt: number | undefined;
  const write = (at: number, text: string): void => {
    startedAt ??= at;
    const seconds = Math.max(0, at - startedAt) / 1000;
    terminal.err(`[${seconds.toFixed(1).padStart(7)}s] ${text}\n`);
  };
  return {
    begin(title, hosts) {
      write(clock(), `${title}: ${hosts.length} host${hosts.length === 1 ? "" : "s"}`);
    },
    emit(event) {
      const text = eventText(event);
      if (text !== undefined) write(event.at, text);
    },
    note: (message) => write(clock(), message),
    end() {},
  };
}
