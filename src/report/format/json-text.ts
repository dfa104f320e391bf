import { visibleJson } from "../../core/text/visible.ts";

/** An array that is made while it is written, one item at a time. */
export class LazyArray {
  readonly items: () => Iterable<unknown>;

  constructor(items: () => Iterable<unknown>) {
    this.items = items;
  }
}

/**
 * JSON text in pieces, so that a fleet never becomes one string: each item of a LazyArray is a piece
 * and a line of its own. A LazyArray may stand wherever plain objects and arrays lead, but not
 * inside the items of another. Nothing in it acts on a terminal.
 */
export function* jsonText(value: unknown): Generator<string> {
  for (const piece of pieces(value)) yield visibleJson(piece);
  yield "\n";
}

function* pieces(value: unknown): Generator<string> {
  if (value instanceof LazyArray) yield* lines(value);
  else if (Array.isArray(value)) yield* list("[", "]", value, pieces);
  else if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
    yield* list("{", "}", entries, function* ([key, entry]) {
      yield `${JSON.stringify(key)}:`;
      yield* pieces(entry);
    });
  } else yield JSON.stringify(value);
}

function* lines({ items }: LazyArray): Generator<string> {
  let separator = "[\n";
  for (const item of items()) {
    yield `${separator}${JSON.stringify(item)}`;
    separator = ",\n";
  }
  yield separator === "[\n" ? "[]" : "\n]";
}

function* list<T>(
  open: string,
  close: string,
  items: readonly T[],
  write: (item: T) => Iterable<string>,
): Generator<string> {
  yield open;
  for (const [index, item] of items.entries()) {
    if (index > 0) yield ",";
    yield* write(item);
  }
  yield close;
}
