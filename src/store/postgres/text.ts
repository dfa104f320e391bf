/** Texts that PostgreSQL has no place for, NUL and halves of surrogate pairs, on their way in and out as JSON. */
const MARK = "\u0001";

/** A value for a statement; texts within lists, too. */
export function toColumn(value: unknown): unknown {
  if (typeof value === "string") return textToColumn(value);
  return Array.isArray(value) ? value.map((each: unknown) => toColumn(each)) : value;
}

/** A row as it was given in, changed in place. */
export function fromColumns<T>(row: T): T {
  const fields = row as Record<string, unknown>;
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "string" && value.startsWith(MARK)) fields[name] = JSON.parse(value.slice(1));
  }
  return row;
}

function textToColumn(text: string): string {
  const fits = !text.includes("\0") && text.isWellFormed() && !text.startsWith(MARK);
  return fits ? text : `${MARK}${JSON.stringify(text)}`;
}
