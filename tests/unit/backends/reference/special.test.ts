import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  integerPow,
  integerPowF32,
  logistic,
  pow,
  rem,
  roundHalfAwayFromZero,
  roundHalfToEven,
} from "../../../../src/backends/reference/special.ts";
import { expectClose } from "./close.ts";

// All tables: JAX 0.10.2 on CPU, float64 unless said otherwise.

const operands = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 2, -2, 0.5, -0.5, 3, -3];

/** lax.pow: rows are bases, columns exponents, both from `operands`. */
// prettier-ignore
const powers = [
  [NaN, NaN, NaN, 1, 1, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN],
  [NaN, Infinity, 0, 1, 1, Infinity, 0, Infinity, 0, Infinity, 0, Infinity, 0],
  [NaN, Infinity, 0, 1, 1, -Infinity, -0, Infinity, 0, Infinity, 0, -Infinity, -0],
  [NaN, 0, Infinity, 1, 1, 0, Infinity, 0, Infinity, 0, Infinity, 0, Infinity],
  [NaN, 0, Infinity, 1, 1, -0, -Infinity, 0, Infinity, 0, Infinity, -0, -Infinity],
  [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
  [NaN, 1, 1, 1, 1, -1, -1, 1, 1, NaN, NaN, -1, -1],
  [NaN, Infinity, 0, 1, 1, 2, 0.5, 4, 0.25, 1.4142135623730951, 0.7071067811865476, 8, 0.125],
  [NaN, Infinity, 0, 1, 1, -2, -0.5, 4, 0.25, NaN, NaN, -8, -0.125],
  [NaN, 0, Infinity, 1, 1, 0.5, 2, 0.25, 4, 0.7071067811865476, 1.4142135623730951, 0.125, 8],
  [NaN, 0, Infinity, 1, 1, -0.5, -2, 0.25, 4, NaN, NaN, -0.125, -8],
  [NaN, Infinity, 0, 1, 1, 3, 0.3333333333333333, 9, 0.1111111111111111, 1.7320508075688772, 0.5773502691896257, 27, 0.037037037037037035],
  [NaN, Infinity, 0, 1, 1, -3, -0.3333333333333333, 9, 0.1111111111111111, NaN, NaN, -27, -0.037037037037037035],
];

/** lax.rem: rows are dividends, columns divisors. */
// prettier-ignore
const remainders = [
  [NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN],
  [NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN],
  [NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN],
  [NaN, 0, 0, NaN, NaN, 0, 0, 0, 0, 0, 0, 0, 0],
  [NaN, -0, -0, NaN, NaN, -0, -0, -0, -0, -0, -0, -0, -0],
  [NaN, 1, 1, NaN, NaN, 0, 0, 1, 1, 0, 0, 1, 1],
  [NaN, -1, -1, NaN, NaN, -0, -0, -1, -1, -0, -0, -1, -1],
  [NaN, 2, 2, NaN, NaN, 0, 0, 0, 0, 0, 0, 2, 2],
  [NaN, -2, -2, NaN, NaN, -0, -0, -0, -0, -0, -0, -2, -2],
  [NaN, 0.5, 0.5, NaN, NaN, 0.5, 0.5, 0.5, 0.5, 0, 0, 0.5, 0.5],
  [NaN, -0.5, -0.5, NaN, NaN, -0.5, -0.5, -0.5, -0.5, -0, -0, -0.5, -0.5],
  [NaN, 3, 3, NaN, NaN, 0, 0, 1, 1, 0, 0, 0, 0],
  [NaN, -3, -3, NaN, NaN, -0, -0, -1, -1, -0, -0, -0, -0],
];

describe.each(operands.map((x, i) => [x, powers[i]!, remainders[i]!] as const))(
  "with first operand %d",
  (x, ps, rs) => {
    test("pow is JAX's", () => operands.forEach((y, j) => expectClose(pow(x, y), ps[j]!, 1e-15)));
    test("rem is JAX's", () => operands.forEach((y, j) => expect(rem(x, y)).toBe(rs[j])));
  },
);

/** x, lax.logistic(x). */
// prettier-ignore
const sigmoids = [
  [NaN, NaN],
  [Infinity, 1],
  [-Infinity, 0],
  [0, 0.5],
  [-0, 0.5],
  [1, 0.7310585786300049],
  [-1, 0.2689414213699951],
  [-2, 0.11920292202211755],
  [-0.5, 0.3775406687981454],
  [0.3, 0.574442516811659],
  [-1.5, 0.18242552380635635],
  [2.5, 0.9241418199787566],
  [-2.75, 0.060086650174007626],
  [100000000, 1],
  [1e-30, 0.5],
  [5.5, 0.995929862284104],
  [-7.3, 0.0006750827306328381],
  [20, 0.9999999979388463],
] as const;

test.each(sigmoids)("logistic(%d) is JAX's", (x, wanted) => expectClose(logistic(x), wanted, 1e-15));

test("logistic(x) + logistic(-x) = 1", () => {
  fc.assert(fc.property(fc.double({ noNaN: true }), (x) => Math.abs(logistic(x) + logistic(-x) - 1) < 1e-15));
});

/** x, lax.round away from zero, to even. */
// prettier-ignore
const rounded = [
  [0.5, 1, 0],
  [-0.5, -1, -0],
  [1.5, 2, 2],
  [-1.5, -2, -2],
  [2.5, 3, 2],
  [-2.5, -3, -2],
  [0, 0, 0],
  [-0, -0, -0],
  [-0.2, -0, -0],
  [0.49999999999999994, 0, 0],
  [8388609, 8388609, 8388609],
  [4503599627370495.5, 4503599627370496, 4503599627370496],
  [-4503599627370497, -4503599627370497, -4503599627370497],
  [1e+30, 1e+30, 1e+30],
  [Infinity, Infinity, Infinity],
  [-Infinity, -Infinity, -Infinity],
  [NaN, NaN, NaN],
] as const;

test.each(rounded)("%d rounds as JAX's, halves away from zero and to even", (x, away, even) => {
  expect(roundHalfAwayFromZero(x)).toBe(away);
  expect(roundHalfToEven(x)).toBe(even);
});

/** n, lax.integer_pow of 1.1, -2.3 and 0.7 in float32 and in float64. */
// prettier-ignore
const integerPowers = [
  [-5, [0.62092125415802, -0.015536773949861526, 5.949902057647705], [0.6209213230591549, -0.015536772978071559, 5.949901826619863]],
  [-2, [0.8264462351799011, 0.18903592228889465, 2.040816307067871], [0.8264462809917354, 0.18903591682419663, 2.0408163265306127]],
  [-1, [0.9090908765792847, -0.43478262424468994, 1.4285714626312256], [0.9090909090909091, -0.4347826086956522, 1.4285714285714286]],
  [0, [1, 1, 1], [1, 1, 1]],
  [1, [1.100000023841858, -2.299999952316284, 0.699999988079071], [1.1, -2.3, 0.7]],
  [2, [1.2100000381469727, 5.289999961853027, 0.4899999797344208], [1.2100000000000002, 5.289999999999999, 0.48999999999999994]],
  [3, [1.3310000896453857, -12.166999816894531, 0.34299999475479126], [1.3310000000000004, -12.166999999999996, 0.3429999999999999]],
  [7, [1.9487173557281494, -340.4825439453125, 0.08235429227352142], [1.9487171000000012, -340.4825446999998, 0.08235429999999995]],
  [13, [3.4522721767425537, -50403.6328125, 0.009688898921012878], [3.452271214393103, -50403.636193646686, 0.00968890104069999]],
  [30, [17.44941520690918, 71094353920, 2.2539326892001554e-05], [17.449402268886445, 71094348791.15118, 2.2539340290692206e-05]],
] as const;

test.each(integerPowers)("to the power %d, products are taken in JAX's order", (n, float32, float64) => {
  expect([1.1, -2.3, 0.7].map((x) => integerPow(x, n))).toEqual(float64);
  expect([1.1, -2.3, 0.7].map((x) => integerPowF32(Math.fround(x), n))).toEqual(float32);
});

test("x^0 = 1 even for NaN, 0^-1 = Infinity, (-0)^-1 = -Infinity", () => {
  for (const power of [integerPow, integerPowF32]) {
    expect([power(NaN, 0), power(0, -1), power(-0, -1)]).toEqual([1, Infinity, -Infinity]);
  }
});
