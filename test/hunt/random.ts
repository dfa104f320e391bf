/** Randomness that can be repeated: the same seed gives the same configuration, on any machine. */

export interface Random {
  /** A number from 0 up to, not including, `below`. */
  whole(below: number): number;
  pick<T>(from: readonly T[]): T;
  chance(probability: number): boolean;
  /** Some of them, each with this probability, in their order. */
  some<T>(from: readonly T[], probability: number): T[];
}

/** mulberry32: 32 bits of state are enough to choose among lines of files. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (below: number): number => Math.floor(next() * below);
  return {
    whole,
    pick: (from) => from[whole(from.length)] as (typeof from)[number],
    chance: (probability) => next() < probability,
    some: (from, probability) => from.filter(() => next() < probability),
  };
}
