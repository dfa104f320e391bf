import { wrapStatement } from "../../report/layout/wrap.ts";
import type { Terminal } from "./terminal.ts";

/** Longer lines are hard to read. */
const WIDEST = 120;

/** Statements broken between words, where people read them; files and other programs get whole lines. */
export function fitted(text: string, terminal: Terminal): string {
  if (!terminal.shows) return text;
  const columns = Math.min(terminal.size().columns, WIDEST);
  return text
    .split("\n")
    .flatMap((line) => wrapStatement(line, columns))
    .join("\n");
}
