import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digamma, lgamma } from "../../../../src/backends/reference/gamma.ts";
import { expectClose } from "./close.ts";

type Table = Readonly<Record<"lgamma" | "digamma", readonly (readonly [x: number, wanted: number])[]>>;

/** JAX 0.10.2 on CPU, float64: x, f(x). */
// prettier-ignore
const jax: Table = {
  lgamma: [
    [NaN, NaN],
    [Infinity, Infinity],
    [-Infinity, Infinity],
    [0, Infinity],
    [-0, Infinity],
    [1, 0],
    [-1, Infinity],
    [-2, Infinity],
    [-0.5, 1.2655121234846451],
    [0.3, 1.0957979948180747],
    [-1.5, 0.8600470153764805],
    [2.5, 0.2846828704729196],
    [-2.75, 0.004487897535956131],
    [100000000, 1742068066.1038346],
    [1e-30, 69.07755278982137],
    [5.5, 3.9578139676187183],
    [-7.3, -7.779101629826854],
    [20, 39.33988418719948],
  ],
  digamma: [
    [NaN, NaN],
    [Infinity, Infinity],
    [-Infinity, NaN],
    [0, NaN],
    [-0, NaN],
    [1, -0.5772156649015334],
    [-1, NaN],
    [-2, NaN],
    [-0.5, 0.03648997397857731],
    [0.3, -3.5025242222001336],
    [-1.5, 0.703156640645244],
    [2.5, 0.7031566406452437],
    [-2.75, -1.959055264977998],
    [100000000, 18.420680738952363],
    [1e-30, -9.999999999999999e+29],
    [5.5, 1.6110931485817512],
    [-7.3, 4.33730730551005],
    [20, 2.9705239922421485],
  ],
};

/** mpmath 1.4.1 with 40 digits: x, f(x). Next to its zeros at 1 and 2 JAX's lgamma has no correct digit left. */
// prettier-ignore
const mpmath: Table = {
  lgamma: [
    [1.000000001, -5.772157118381039e-10],
    [0.9999999, 5.772157468444193e-08],
    [2.000000001, 4.2278437040226697e-10],
    [1.9999999, -4.2278430309861296e-08],
    [0.5, 0.5723649429247001],
    [12.9, 19.735015850713005],
    [171.5, 709.1431630309282],
    [1e18, 4.044653167389282e+19],
    [1e-310, 713.8013788281542],
    [-1e-310, 713.8013788281542],
    [-0.25, 1.589575312551186],
  ],
  digamma: [
    [1e-5, -100000.57719921567],
    [3.7, 1.1671535393615113],
    [9.99, 2.250700372831201],
    [1e9, 20.723265836446412],
    [-1e-5, 99999.42276788563],
    [-3.01, 101.22605105727973],
    [-100.25, 7.754238959208646],
  ],
};

describe.each([
  ["lgamma", lgamma],
  ["digamma", digamma],
] as const)("%s", (name, f) => {
  test.each(jax[name])("at %d is JAX's", (x, wanted) => expectClose(f(x), wanted, 1e-12));
  test.each(mpmath[name])("at %d is right to double precision", (x, wanted) =>
    expectClose(f(x), wanted, 4e-15),
  );
});

const positive = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
const negative = fc
  .double({ min: -50, max: -0.01, noNaN: true })
  .filter((x) => Math.abs(x - Math.round(x)) > 1e-3);

/** |difference| against the size of the terms that cancel in it. */
const expectEqualAmong = (a: number, b: number, ...terms: number[]): void =>
  expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-14 * Math.max(1, ...terms.map(Math.abs)));

test("log Γ(x + 1) = log Γ(x) + log |x|", () => {
  fc.assert(
    fc.property(fc.oneof(positive, negative), (x) => {
      fc.pre(Math.abs(x + 1) > 1e-3 || x > 0);
      const fromRounding = digamma(x + 1) * (x + 1); // x + 1 is itself rounded
      const logarithm = Math.log(Math.abs(x));
      expectEqualAmong(lgamma(x + 1), lgamma(x) + logarithm, lgamma(x), logarithm, fromRounding);
    }),
  );
});

test("ψ(x + 1) = ψ(x) + 1/x", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (x) => {
      expectEqualAmong(digamma(x + 1), digamma(x) + 1 / x, 1 / x);
    }),
  );
});

test("ψ(1 - x) - ψ(x) = π / tan πx", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.05, max: 0.95, noNaN: true }), (x) => {
      expectEqualAmong(digamma(1 - x) - digamma(x), Math.PI / Math.tan(Math.PI * x), 1 / x, 1 / (1 - x));
    }),
  );
});

test("log Γ(n + 1) = log n!", () => {
  let factorial = 1;
  for (let n = 1; n < 170; n++) {
    expectClose(lgamma(n + 1), Math.log((factorial *= n)), 4e-16 * 4);
  }
});
