/** An integer from 0 on, below a number. */
export type Random = (below: number) => number;
/** Integers from 0 on, the same ones each time. @see "mulberry32", a generator of 32 bits */
export function seeded(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) % below;
  };
}
