import { CurfewError } from "../../model/terms/error.ts";

/**
 * Cuts a list into waves. Each entry of `sizes` is how far the run has come when that wave ends:
 * a number of hosts (`1`) or a share of all of them, rounded up (`10%`). What is left after the
 * last entry is one more wave. Empty waves are dropped.
 * Errors: CurfewError `usage` for anything else, or sizes that do not grow.
 */
export function waves<T>(items: readonly T[], sizes: readonly string[]): T[][] {
  const ends = sizes.map((size) => waveEnd(size, items.length));
  const result: T[][] = [];
  let start = 0;
  for (const end of [...ends, items.length]) {
    const bounded = Math.min(end, items.length);
    if (bounded > start) result.push(items.slice(start, bounded));
    start = Math.max(start, bounded);
  }
  return result;
}

/** Reads `1,10%,100%`. Errors: CurfewError `usage`, naming the part that is wrong. */
export function parseWaves(text: string): string[] {
  const sizes = text.split(",").map((part) => part.trim());
  for (const size of sizes) waveEnd(size, 1);
  return sizes;
}

function waveEnd(size: string, total: number): number {
  const match = /^([1-9]\d{0,5})(%?)$/u.exec(size);
  const amount = Number(match?.[1]);
  if (match === null || (match[2] === "%" && amount > 100)) {
    throw new CurfewError("usage", `"${size}" is not a wave: a number of hosts or a percentage`, {
      hint: "write for example --waves 1,10%,100%",
    });
  }
  return match[2] === "%" ? Math.ceil((amount / 100) * total) : amount;
}
