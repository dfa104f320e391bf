import type { Terminal } from "../../src/cli/terminal/terminal.ts";
import { createPaint } from "../../src/report/layout/paint.ts";

/** A terminal that remembers what was written to it. */
export interface FakeTerminal extends Terminal {
  readonly written: { out: string; err: string };
  resize(columns: number, rows: number): void;
}

export function fakeTerminal(other: Partial<Terminal> = {}): FakeTerminal {
  const written = { out: "", err: "" };
  let size = { columns: 80, rows: 24 };
  const listeners = new Set<() => void>();
  return {
    environment: {},
    async out(chunks) {
      for (const chunk of chunks) written.out += chunk;
    },
    async say(text) {
      written.out += text;
    },
    async page(text) {
      written.out += text;
    },
    err(message) {
      written.err += message;
    },
    outPaint: createPaint(false),
    errPaint: createPaint(false),
    asks: false,
    redraws: false,
    ascii: false,
    shows: false,
    size: () => size,
    onResize(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    input: async () => "",
    flush: async () => {},
    ...other,
    written,
    resize(columns, rows) {
      size = { columns, rows };
      for (const listener of listeners) listener();
    },
  };
}

/** What a terminal of that width shows after the text: enough of ECMA-48 for the board. */
export function screenAfter(text: string, columns: number): string[] {
  const rows: string[] = [""];
  let row = 0;
  let column = 0;
  // eslint-disable-next-line no-control-regex
  for (const [token] of text.matchAll(/\u001b\[(\d*)([A-Z])|[\s\S]/gu)) {
    const escape = /^\u001b\[(\d*)([A-Z])$/u.exec(token);
    if (escape !== null) {
      if (escape[2] === "A") row = Math.max(0, row - Number(escape[1] || 1));
      if (escape[2] === "K") rows[row] = (rows[row] ?? "").slice(0, column);
      if (escape[2] === "J") rows.splice(row, rows.length, (rows[row] ?? "").slice(0, column));
      continue;
    }
    if (token === "\r") column = 0;
    else if (token === "\n") {
      row += 1;
      column = 0;
      while (rows.length <= row) rows.push("");
    } else {
      if (column >= columns) throw new Error(`wrapped: ${rows[row]}`);
      const line = (rows[row] ?? "").padEnd(column);
      rows[row] = line.slice(0, column) + token + line.slice(column + 1);
      column += 1;
    }
  }
  return rows.map((line) => line.trimEnd());
}
