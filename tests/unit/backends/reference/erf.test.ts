import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { erf, erfc, erfInv } from "../../../../src/backends/reference/erf.ts";
import { expectClose } from "./close.ts";

type Table = Readonly<Record<"erf" | "erfc" | "erfInv", readonly (readonly [x: number, wanted: number])[]>>;

/** JAX 0.10.2 on CPU, float64: x, f(x). */
// prettier-ignore
const jax: Table = {
  erf: [
    [NaN, NaN],
    [Infinity, 1],
    [-Infinity, -1],
    [0, 0],
    [-0, -0],
    [1, 0.8427007929497149],
    [-1, -0.8427007929497149],
    [-2, -0.9953222650189527],
    [-0.5, -0.5204998778130465],
    [0.3, 0.3286267594591274],
    [-1.5, -0.9661051464753108],
    [2.5, 0.999593047982555],
    [-2.75, -0.9998993780778803],
    [100000000, 1],
    [1e-30, 1.1283791670955127e-30],
    [5.5, 0.9999999999999927],
    [-7.3, -1],
    [20, 1],
  ],
  erfc: [
    [NaN, NaN],
    [Infinity, 0],
    [-Infinity, 2],
    [0, 1],
    [-0, 1],
    [1, 0.15729920705028513],
    [-1, 1.8427007929497148],
    [-2, 1.9953222650189528],
    [-0.5, 1.5204998778130465],
    [0.3, 0.6713732405408726],
    [-1.5, 1.9661051464753108],
    [2.5, 0.0004069520174449589],
    [-2.75, 1.9998993780778804],
    [100000000, 0],
    [1e-30, 1],
    [5.5, 7.357847917974397e-15],
    [-7.3, 2],
    [20, 5.395865611607902e-176],
  ],
  erfInv: [
    [NaN, NaN],
    [0, 0],
    [-0, -0],
    [1, Infinity],
    [-1, -Infinity],
    [1.5, NaN],
    [0.5, 0.47693627620446977],
    [-0.9, -1.163087153676674],
    [0.999, 2.3267537655135273],
    [1e-20, 8.86226925452758e-21],
    [0.9999999999999999, 5.863584748755167],
  ],
};

/** mpmath 1.4.1 with 40 digits: x, f(x). JAX's erf_inv at -0.99999999 is right to 11 digits only. */
// prettier-ignore
const mpmath: Table = {
  erf: [[0.9, 0.7969082124228322], [-0.999, -0.8422852702064969], [1.25, 0.9229001282564583]],
  erfc: [[0.75, 0.28884436634648486], [3.3, 3.0577097964381654e-06], [8.5, 2.7623240713337716e-33], [26, 5.663192408856143e-296]],
  erfInv: [[0.3, 0.2724627147267543], [-0.75, -0.8134198475976185], [-0.99999999, -4.0522372432687635], [0.9999, 2.75106390571208], [1e-300, 8.86226925452758e-301]],
};

describe.each([
  ["erf", erf],
  ["erfc", erfc],
  ["erfInv", erfInv],
] as const)("%s", (name, f) => {
  test.each(jax[name])("at %d is JAX's", (x, wanted) => expectClose(f(x), wanted, 1e-13));
  test.each(mpmath[name])("at %d is right to double precision", (x, wanted) =>
    expectClose(f(x), wanted, 2e-15),
  );
});

const real = fc.double({ min: -30, max: 30, noNaN: true });

test("erf is odd", () => {
  fc.assert(fc.property(real, (x) => Object.is(erf(-x), -erf(x))));
});

test("erf(x) + erfc(x) = 1", () => {
  fc.assert(fc.property(real, (x) => Math.abs(erf(x) + erfc(x) - 1) < 3e-16));
});

test("erfc(-x) = 2 - erfc(x)", () => {
  fc.assert(fc.property(real, (x) => Math.abs(erfc(-x) + erfc(x) - 2) < 5e-16));
});

test("erf(erfInv(p)) = p, in the tails as 1 - erfc", () => {
  fc.assert(
    fc.property(fc.double({ min: -1, max: 1, noNaN: true, minExcluded: true, maxExcluded: true }), (p) => {
      fc.pre(Math.abs(p) > 1e-300 || p === 0);
      const x = erfInv(p);
      if (p > 0.5) expectClose(erfc(x), 1 - p, 1e-13);
      else if (p > -0.5) expectClose(erf(x), p, 1e-15);
      else expectClose(erfc(-x), 1 + p, 1e-13);
    }),
  );
});

test("erfInv(erf(x)) = x as far as erf(x) tells numbers apart", () => {
  fc.assert(
    fc.property(fc.double({ min: -3, max: 3, noNaN: true }), (x) => {
      expect(Math.abs(erfInv(erf(x)) - x)).toBeLessThanOrEqual(1e-16 * Math.exp(x * x) + 1e-15 * Math.abs(x));
    }),
  );
});
