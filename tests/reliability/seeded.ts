// Chance that can be had again: the same seed gives the same numbers.

export interface Chance {
  readonly seed: number;
  /** From 0 up to, not including, 1. */
  next(): number;
  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number;
  /** True this often. */
  hits(share: number): boolean;
  /** One of them. */
  pick<T>(all: readonly T[]): T;
  /** Another source whose numbers do not depend on how often this one is asked. */
  fork(name: number): Chance;
}

/** Chance from a whole number (the generator is mulberry32: 32 bits of state, enough to choose places for kills). */
export const seeded = (seed: number): Chance => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    seed,
    next,
    whole,
    hits: (share) => next() < share,
    pick: <T>(all: readonly T[]): T => {
      const one = all[whole(0, all.length - 1)];
      if (one === undefined) throw new Error('nothing to pick from');
      return one;
    },
    fork: (name) => seeded(Math.imul(seed ^ 0x9e3779b9, name * 2 + 1)),
  };
};
