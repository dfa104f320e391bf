/** Words and signs that every part of an audit's text shares. */
import { foldNames } from "../../core/text/fold-names.ts";
import type { Outcome } from "../../core/verdict/outcome.ts";
import { OUTCOME_SIGNS, SIGNS } from "../layout/signs.ts";
import { visible } from "../../core/text/visible.ts";
import { widthOf } from "../layout/columns.ts";
import type { Paint } from "../layout/paint.ts";
import { wrap } from "../layout/wrap.ts";

/** `✗ 1 fail` in its colour, dim where the number is none. */
export function outcomeText(outcome: Outcome, text: string, paint: Paint, number = 1): string {
  const { colour } = SIGNS[OUTCOME_SIGNS[outcome]];
  return number === 0 ? paint.dim(text) : paint[colour](text);
}

export interface AuditView {
  readonly paint: Paint;
  readonly verbose: boolean;
  readonly columns: number;
}

/** `1 host`, `412 hosts`. */
export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/**
 * `web1`, `3 hosts: web[1-3]`, or `412 hosts: db1, web[001-017], …`: names folded as `nodeset` folds them, as many as
 * fit into what is left of one line after `used` columns; when verbose every name, in as many lines as it takes.
 */
export function hostList(names: readonly string[], used: number, { columns, verbose }: AuditView): string[] {
  const shown = (verbose ? names : foldNames(names)).map(visible);
  const [only] = shown;
  if (names.length === 1 && only !== undefined) return [only];
  const head = `${count(names.length, "host")}:`;
  const all = `${head} ${shown.join(", ")}`;
  if (verbose || used + widthOf(all) <= columns) return wrap(all, columns - used, 2);
  let text = head;
  for (const [index, name] of shown.entries()) {
    const next = `${text}${index === 0 ? "" : ","} ${name}`;
    // Three more for the comma and the dots.
    if (used + widthOf(next) + 3 > columns) break;
    text = next;
  }
  return [text === head ? head.slice(0, -1) : `${text}, …`];
}

/** ISO time to `2026-11-22 03:43 UTC`. */
export function timeText(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;
}
