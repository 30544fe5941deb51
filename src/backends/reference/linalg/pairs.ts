/** A complex number of doubles. */
export type Pair = readonly [re: number, im: number];

export const plus = ([a, b]: Pair, [c, d]: Pair): Pair => [a + c, b + d];
export const minus = ([a, b]: Pair, [c, d]: Pair): Pair => [a - c, b - d];
export const times = ([a, b]: Pair, [c, d]: Pair): Pair => [a * c - b * d, a * d + b * c];
/** The sum of the parts' absolute values: a size that is quickly found. */
export const sizeOfPair = ([a, b]: Pair): number => Math.abs(a) + Math.abs(b);

/** @see Smith, CACM Algorithm 116 (1962) */
export function over([a, b]: Pair, [c, d]: Pair): Pair {
  if (d === 0) return [a / c, b / c];
  if (Math.abs(c) >= Math.abs(d)) {
    const ratio = d / c;
    const size = c + d * ratio;
    return [(a + b * ratio) / size, (b - a * ratio) / size];
  }
  const ratio = c / d;
  const size = c * ratio + d;
  return [(a * ratio + b) / size, (b * ratio - a) / size];
}

/** The square root whose real part is not negative. */
export function rootOf([a, b]: Pair): Pair {
  const size = Math.sqrt((Math.abs(a) + Math.hypot(a, b)) / 2);
  if (size === 0) return [0, 0];
  const other = b / (2 * size);
  return a >= 0 ? [size, other] : [Math.abs(other), b < 0 ? -size : size];
}
