/** Scalar functions where JavaScript's own differ from XLA's, or are missing. Float operands are doubles. */

const fround = Math.fround;

/** 1 / (1 + e^(-x)), JAX's expression: 0 where e^(-x) overflows. */
export const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/**
 * C's `pow`: 1 to any power, even NaN, is 1, and (-1)^±Infinity is 1; for both JavaScript says NaN.
 * @see ISO C F.10.4.4
 */
export const pow = (x: number, y: number): number =>
  x === 1 || (x === -1 && (y === Infinity || y === -Infinity)) ? 1 : x ** y;

/** C's `fmod`: the sign of x, NaN for y = 0 or x = ±Infinity, x for y = ±Infinity. Exact. */
export const rem = (x: number, y: number): number => x % y;

/** x to a fixed integer power by binary powering; a negative power is the reciprocal of the positive one. */
export const integerPow = (x: number, n: number): number => {
  let rest = Math.abs(n);
  let square = x;
  let product = 1;
  for (;;) {
    if (rest % 2 === 1) product *= square;
    rest = Math.floor(rest / 2);
    if (rest === 0) return n < 0 ? 1 / product : product;
    square *= square;
  }
};

/**
 * `integerPow` in float32, every product rounded, in JAX's order.
 * @see `_integer_pow` in `jax/_src/lax/lax.py`
 */
export const integerPowF32 = (x: number, n: number): number => {
  let rest = Math.abs(n);
  let square = x;
  let product = 1;
  for (;;) {
    if (rest % 2 === 1) product = fround(product * square);
    rest = Math.floor(rest / 2);
    if (rest === 0) return n < 0 ? fround(1 / product) : product;
    square = fround(square * square);
  }
};

/** Nearest integer, halves away from zero; keeps -0. */
export const roundHalfAwayFromZero = (x: number): number => {
  const whole = Math.trunc(x);
  return Math.abs(x - whole) >= 0.5 ? whole + Math.sign(x) : whole;
};

/** Adding and subtracting 2⁵² rounds a double in [0, 2⁵²) to the nearest integer, halves to even. */
const ROUNDER = 2 ** 52;

/** Nearest integer, halves to even; keeps -0. */
export const roundHalfToEven = (x: number): number => {
  if (!(Math.abs(x) < ROUNDER)) return x;
  return x > 0 ? x + ROUNDER - ROUNDER : x < 0 ? -(-x + ROUNDER - ROUNDER) : x;
};
